/**
 * A small client of the Docker Engine API (https://docs.docker.com/reference/api/engine/), which podman serves too: JSON
 * requests, streams of JSON lines, and the raw two-way connection of attach and exec.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { version as toolVersion } from '../model/version.ts';
import { checkIdentity } from '../tls/identity.ts';
import { trustNodesRoots } from '../tls/roots.ts';
import { DockerApiError, DockerUnreachableError, TLS_HINT, unreachable } from './errors.ts';
import { type DockerHost, findDockerHost, type HostSources } from './host.ts';

/** The newest API that this client was written against; an older daemon is spoken to in its own version. */
const NEWEST_API = '1.47';
/** A request without an answer for this long is given up. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_BODY = 64 * 1024 * 1024;
/** An idle TCP connection is probed after this time, and lost after ten probes at a second's pace (libuv). */
const KEEP_ALIVE_MS = 5_000;

/** Options of one request. */
export interface DockerRequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** False: the answer comes when something has happened, which may take any time. */
  readonly hasTimeLimit?: boolean;
}

/** A connection that the daemon has given over to a stream in both directions. */
export interface Hijacked {
  readonly socket: Duplex;
  /** What the daemon has sent so far. */
  readonly head: Buffer;
}

/** A connection to one daemon. */
export class DockerClient {
  readonly host: DockerHost;
  /** `linux` or `windows`. */
  readonly osType: string;
  /** Whether it is podman that answers. */
  readonly isPodman: boolean;
  readonly #agent: http.Agent;
  readonly #apiVersion: string;

  private constructor(host: DockerHost, agent: http.Agent, ping: Ping) {
    this.host = host;
    this.osType = ping.osType;
    this.isPodman = ping.isPodman;
    this.#agent = agent;
    this.#apiVersion = ping.apiVersion;
  }

  /**
   * Finds the daemon and agrees on a version of the API with it.
   * @throws {UserError} exit 2 or 3: what names the daemon cannot be used
   * @throws {DockerUnreachableError} no daemon answers
   */
  static async connect(sources: HostSources, signal?: AbortSignal): Promise<DockerClient> {
    const host = findDockerHost(sources);
    const agent = agentOf(host);
    try {
      const response = await send(host, agent, 'GET', '/_ping', { signal });
      response.resume();
      const pinned = sources.env['DOCKER_API_VERSION'];
      return new DockerClient(host, agent, readPing(response, pinned));
    } catch (error) {
      agent.destroy();
      throw error;
    }
  }

  /** GET of an API path such as `/containers/json`. */
  get<T>(path: string, options: DockerRequestOptions = {}): Promise<T> {
    return this.#json('GET', path, undefined, options);
  }

  post<T>(path: string, body: unknown, options: DockerRequestOptions = {}): Promise<T> {
    return this.#json('POST', path, body, options);
  }

  delete(path: string, options: DockerRequestOptions = {}): Promise<void> {
    return this.#json('DELETE', path, undefined, options);
  }

  /** POSTs and yields the lines of the answer, JSON each, as they come. */
  async *postLines<T>(path: string, options: DockerRequestOptions = {}): AsyncGenerator<T> {
    const response = await this.#send('POST', path, undefined, { ...options, hasTimeLimit: false });
    let rest = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.trim() !== '') yield parsed<T>(line, this.host);
      }
      if (rest.trim() !== '') yield parsed<T>(rest, this.host);
    } catch (error) {
      throw failure(this.host, error, options.signal);
    } finally {
      response.destroy();
    }
  }

  /** POSTs and takes over the connection. @throws {DockerApiError} the daemon's refusal */
  async hijack(path: string, body: unknown, options: DockerRequestOptions = {}): Promise<Hijacked> {
    const { signal } = options;
    return new Promise<Hijacked>((resolve, reject) => {
      const fail = (error: unknown): void => reject(failure(this.host, error, signal));
      const request = this.#request('POST', path, body, {
        ...options,
        headers: { Connection: 'Upgrade', Upgrade: 'tcp' },
      });
      request.on('error', fail);
      request.on('upgrade', (_response, socket, head) => {
        // The request's own abort would leave the stream alone from here on.
        socket.on('error', () => undefined);
        resolve({ socket, head });
      });
      request.on('response', (response) => {
        limitedBody(response, this.host).then(
          (text) => fail(apiError(response.statusCode ?? 0, text)),
          (error: unknown) => fail(error),
        );
      });
      request.end(payloadOf(body));
    });
  }

  /** Closes idle connections, so that the process can end. */
  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(method: string, path: string, body: unknown, options: DockerRequestOptions): Promise<T> {
    const response = await this.#send(method, path, body, options);
    const read = options.hasTimeLimit === false ? readBody : limitedBody;
    const text = await read(response, this.host).catch((error: unknown) => {
      throw failure(this.host, error, options.signal);
    });
    return (text.trim() === '' ? undefined : parsed<T>(text, this.host)) as T;
  }

  #send(
    method: string,
    path: string,
    body: unknown,
    options: DockerRequestOptions,
  ): Promise<http.IncomingMessage> {
    return send(this.host, this.#agent, method, `/v${this.#apiVersion}${path}`, options, body);
  }

  #request(method: string, path: string, body: unknown, options: DockerRequestOptions): http.ClientRequest {
    return startRequest(this.host, this.#agent, method, `/v${this.#apiVersion}${path}`, options, body);
  }
}

interface Ping {
  readonly apiVersion: string;
  readonly osType: string;
  readonly isPodman: boolean;
}

/** @param pinned DOCKER_API_VERSION: a version to speak whatever the daemon could */
function readPing({ headers }: http.IncomingMessage, pinned: string | undefined): Ping {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const theirs = header('api-version') ?? NEWEST_API;
  return {
    apiVersion: pinned || (isOlder(theirs, NEWEST_API) ? theirs : NEWEST_API),
    osType: header('ostype') ?? 'linux',
    isPodman: headers['libpod-api-version'] !== undefined,
  };
}

/** Compares versions such as `1.9` and `1.41`. */
function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function agentOf(host: DockerHost): http.Agent {
  const options = { keepAlive: true };
  if (host.kind === 'socket' || host.tls === undefined) return new http.Agent(options);
  const { ca, cert, key, verify } = host.tls;
  trustNodesRoots(ca === undefined);
  return new https.Agent({
    ...options,
    rejectUnauthorized: verify,
    checkServerIdentity: checkIdentity,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

function payloadOf(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

function startRequest(
  host: DockerHost,
  agent: http.Agent,
  method: string,
  path: string,
  options: DockerRequestOptions,
  body: unknown,
): http.ClientRequest {
  const query = new URLSearchParams(options.query).toString();
  const payload = payloadOf(body);
  const place =
    host.kind === 'socket'
      ? // The daemon answers 400 to a request without a host; which one does not matter.
        { socketPath: host.path, host: 'docker', path: '' }
      : { host: host.host, port: host.port, path: host.basePath };
  const secure = host.kind === 'tcp' && host.tls !== undefined;
  const request = (secure ? https : http).request({
    ...place,
    path: `${place.path}${path}${query === '' ? '' : `?${query}`}`,
    method,
    agent,
    headers: {
      'User-Agent': `kubectl-nettools/${toolVersion}`,
      ...(payload === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
      ...options.headers,
    },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
  if (options.hasTimeLimit === false) return request;
  const timer = setTimeout(() => request.destroy(tooLate(host)), REQUEST_TIMEOUT_MS);
  for (const event of ['response', 'upgrade', 'close'] as const)
    request.once(event, () => clearTimeout(timer));
  return request;
}

/** Sends a request and returns its answer's head; an HTTP error is thrown as {@link DockerApiError}. */
async function send(
  host: DockerHost,
  agent: http.Agent,
  method: string,
  path: string,
  options: DockerRequestOptions,
  body?: unknown,
): Promise<http.IncomingMessage> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = startRequest(host, agent, method, path, options, body);
    request.on('error', reject);
    request.on('response', resolve);
    request.end(payloadOf(body));
  }).catch((error: unknown) => {
    throw failure(host, error, options.signal);
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const text = await limitedBody(response, host).catch((error: unknown) => {
    throw failure(host, error, options.signal);
  });
  // The words of Go's HTTP server (net/http, server.go), whatever stands behind it.
  if (status === 400 && text.startsWith('Client sent an HTTP request to an HTTPS server'))
    throw new DockerUnreachableError(`the Docker daemon at ${host.name} expects TLS.`, { hint: TLS_HINT });
  throw apiError(status, text);
}

function tooLate(host: DockerHost): DockerUnreachableError {
  const limit = REQUEST_TIMEOUT_MS / 1000;
  return new DockerUnreachableError(`no answer from the Docker daemon at ${host.name} within ${limit} s.`);
}

/** Reads an answer to its end, under the limit that its head was under. */
async function limitedBody(response: http.IncomingMessage, host: DockerHost): Promise<string> {
  const timer = setTimeout(() => response.destroy(tooLate(host)), REQUEST_TIMEOUT_MS);
  try {
    return await readBody(response, host);
  } finally {
    clearTimeout(timer);
  }
}

async function readBody(response: http.IncomingMessage, host: DockerHost): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY)
      throw new DockerUnreachableError(`the Docker daemon at ${host.name} sent more than 64 MiB.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed<T>(text: string, host: DockerHost): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new DockerUnreachableError(`${host.name} is not a Docker daemon: its answer is not JSON.`);
  }
}

function apiError(status: number, body: string): DockerApiError {
  let message: unknown;
  try {
    ({ message } = JSON.parse(body) as { readonly message?: unknown });
  } catch {
    // A proxy's page, or the plain text of an old daemon.
    message = body.trim().split('\n')[0];
  }
  return new DockerApiError(
    status,
    typeof message === 'string' && message !== '' ? message : `the Docker daemon answered HTTP ${status}`,
  );
}

/** The error for an answer that did not come, or was incomplete. */
function failure(host: DockerHost, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof DockerUnreachableError || error instanceof DockerApiError
    ? error
    : unreachable(host, error);
}
