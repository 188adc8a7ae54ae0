/**
 * Where the Docker daemon is, found as the docker command finds it (docker/cli, cli/command and cli/context):
 * DOCKER_HOST, else the context of DOCKER_CONTEXT or of config.json, else the machine's own socket; and where that is
 * not there, the sockets of rootless Docker and of podman.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../model/errors.ts';

/** TLS material in PEM; parts that are absent are left to the system. */
export interface DockerTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the server's certificate must be valid. */
  readonly verify: boolean;
}

interface Named {
  /** The address as a user writes it, such as `unix:///var/run/docker.sock`. */
  readonly name: string;
  /** Who said so, in words. */
  readonly source: string;
  /** False for the machine's own socket, which nobody asked for. */
  readonly isChosen: boolean;
}

/** A daemon's address: a Unix socket or named pipe, or TCP with or without TLS. */
export type DockerHost =
  | (Named & { readonly kind: 'socket'; readonly path: string })
  | (Named & {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** The path before `/v1.41/…`, for daemons behind a reverse proxy; without a slash at its end. */
      readonly basePath: string;
      readonly tls: DockerTls | undefined;
    });

/** What the choice depends on. */
export interface HostSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly platform: NodeJS.Platform;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';
const DEFAULT_PIPE = '//./pipe/docker_engine';
/** The ports of docker's own defaults, without and with TLS. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/** Finds the daemon. @throws {UserError} exit 2 or 3: an address or a context that cannot be used */
export function findDockerHost(sources: HostSources): DockerHost {
  const { env, platform } = sources;
  const chosen = env['DOCKER_HOST'];
  if (chosen) return parseHost(chosen, { source: 'DOCKER_HOST', tls: () => tlsOfEnv(sources) });
  const context = env['DOCKER_CONTEXT'] || currentContext(sources);
  if (context && context !== 'default') return hostOfContext(context, sources);
  return platform === 'win32'
    ? socket(DEFAULT_PIPE, `npipe://${DEFAULT_PIPE}`, "Docker's default", false)
    : localSocket(sources);
}

/** Docker's folder: config.json, contexts and, by default, TLS material. */
export function dockerConfigDir({ env, homeDir }: HostSources): string {
  return env['DOCKER_CONFIG'] || join(homeDir, '.docker');
}

function socket(path: string, name: string, source: string, isChosen: boolean): DockerHost {
  return { kind: 'socket', path, name, source, isChosen };
}

/** The first socket that exists; if none does, Docker's own, whose absence is then reported. */
function localSocket({ env }: HostSources): DockerHost {
  const runtime = env['XDG_RUNTIME_DIR'];
  const candidates: readonly (readonly [string, string])[] = [
    [DEFAULT_SOCKET, "Docker's default"],
    ...(runtime ? [[`${runtime}/docker.sock`, 'rootless Docker'] as const] : []),
  ];
  const own = candidates.find(([path]) => existsSync(path));
  if (own) return socket(own[0], `unix://${own[0]}`, own[1], false);
  const podman = env['CONTAINER_HOST'];
  if (podman) return parseHost(podman, { source: 'CONTAINER_HOST', tls: () => undefined });
  const podmanSockets = [...(runtime ? [`${runtime}/podman/podman.sock`] : []), '/run/podman/podman.sock'];
  const path = podmanSockets.find((one) => existsSync(one));
  return path === undefined
    ? socket(DEFAULT_SOCKET, `unix://${DEFAULT_SOCKET}`, "Docker's default", false)
    : socket(path, `unix://${path}`, 'podman', false);
}

interface ParseOptions {
  readonly source: string;
  readonly tls: () => DockerTls | undefined;
}

/** Reads an address such as `unix:///run/docker.sock` or `tcp://10.0.0.5:2376`. */
function parseHost(text: string, { source, tls }: ParseOptions): DockerHost {
  // Docker takes HOST:PORT for TCP.
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [text, 'tcp', text];
  const wrong = (why: string): UserError =>
    new UserError(
      `${source} names a Docker daemon that cannot be used, "${withoutPassword(text)}": ${why}.`,
      2,
    );
  switch (scheme) {
    case 'unix':
      if (!rest.startsWith('/'))
        throw wrong('a socket is named by its absolute path, as in unix:///run/docker.sock');
      return socket(rest, text, source, true);
    case 'npipe':
      return socket(rest, text, source, true);
    case 'ssh':
      throw new UserError(
        `${source} names a Docker daemon over SSH (${withoutPassword(text)}), and SSH is not supported here.`,
        2,
        {
          hint: 'Run kubectl-nettools on that machine, or forward its socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, then DOCKER_HOST=unix:///tmp/docker.sock.',
        },
      );
    case 'tcp':
    case 'http':
    case 'https':
      return tcpHost(`${scheme}://${rest}`, source, tls, wrong);
    default:
      throw wrong('it is neither unix:// nor tcp://');
  }
}

function tcpHost(
  text: string,
  source: string,
  tls: () => DockerTls | undefined,
  wrong: (why: string) => UserError,
): DockerHost {
  let url: URL;
  try {
    // A scheme that URL knows, so that it reads host and port strictly; its default port tells that none was given.
    url = new URL(text.replace(/^[a-z]+:/, 'ws:'));
  } catch {
    throw wrong('it has no host and port');
  }
  const material = tls() ?? (text.startsWith('https:') ? SYSTEM_TLS : undefined);
  const portText = /:(\d+)(?:\/|$)/.exec(text.replace(/^[a-z]+:\/\//, ''))?.[1];
  return {
    kind: 'tcp',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: portText === undefined ? (material ? TLS_PORT : PLAIN_PORT) : Number(portText),
    basePath: url.pathname.replace(/\/$/, ''),
    tls: material,
    name: withoutPassword(text),
    source,
    isChosen: true,
  };
}

const SYSTEM_TLS: DockerTls = { ca: undefined, cert: undefined, key: undefined, verify: true };

function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/, '//');
}

/** DOCKER_TLS_VERIFY and DOCKER_TLS switch TLS on when they are not empty, whatever they say. */
function tlsOfEnv(sources: HostSources): DockerTls | undefined {
  const { env } = sources;
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  if (!verify && !env['DOCKER_TLS']) return undefined;
  return readTls(env['DOCKER_CERT_PATH'] || dockerConfigDir(sources), verify);
}

function readTls(folder: string, verify: boolean): DockerTls {
  const part = (name: string): string | undefined => readIfThere(join(folder, name));
  return { ca: part('ca.pem'), cert: part('cert.pem'), key: part('key.pem'), verify };
}

/** @throws {UserError} exit 3: it is there and cannot be read */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UserError(`cannot read ${path}: ${message}.`, 3);
  }
}

/** A JSON file of Docker's folder; `undefined` when it is not there. */
export function readDockerJson(path: string): unknown {
  const text = readIfThere(path);
  if (text === undefined || text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UserError(`${path} is not JSON.`, 3, {
      hint: 'Fix or remove the file; the docker CLI fails on it too.',
    });
  }
}

function currentContext(sources: HostSources): string | undefined {
  const config = readDockerJson(join(dockerConfigDir(sources), 'config.json')) as
    | { readonly currentContext?: unknown }
    | undefined;
  return typeof config?.currentContext === 'string' ? config.currentContext : undefined;
}

/** Of a context's meta.json, what is used here. */
interface ContextMeta {
  readonly Endpoints?: {
    readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean };
  };
}

function hostOfContext(context: string, sources: HostSources): DockerHost {
  const source = `the Docker context "${context}"`;
  const contexts = join(dockerConfigDir(sources), 'contexts');
  const id = createHash('sha256').update(context).digest('hex');
  const meta = readDockerJson(join(contexts, 'meta', id, 'meta.json')) as ContextMeta | undefined;
  if (meta === undefined) {
    throw new UserError(`${source} does not exist.`, 3, { hint: 'docker context ls shows those that do.' });
  }
  const endpoint = meta.Endpoints?.docker;
  if (!endpoint?.Host) throw new UserError(`${source} names no Docker daemon.`, 3);
  const tlsDir = join(contexts, 'tls', id, 'docker');
  const tls = existsSync(tlsDir) ? readTls(tlsDir, !endpoint.SkipTLSVerify) : undefined;
  return parseHost(endpoint.Host, { source, tls: () => tls });
}
