/**
 * Runs a kubeconfig user's credential plugin and reads the ExecCredential that it prints (client.authentication.k8s.io,
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/). client-node's own runner is not used: it
 * swallows what the plugin says on stderr, such as where to log in, leaves its stdin open and silent, so that a plugin
 * that asks waits for ever, and tells it nothing about the cluster.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { advice, kubectl } from '../model/advice.ts';
import { abortReason, UserError } from '../model/errors.ts';
import type { ExecPlugin, KubeCluster } from './kubeconfig-file.ts';

/** More than any token or certificate. */
const MAX_OUTPUT = 1024 * 1024;
/** A plugin that is asked to end may still restore the terminal's echo; after this long it is killed. */
const END_GRACE_MS = 2_000;
/** After this long, a user who waits at a terminal learns what for. */
const PATIENCE_MS = 5_000;
/** Where nobody is there to answer a plugin or to press Ctrl-C, it has this long, unless the caller says otherwise. */
const UNATTENDED_LIMIT_MS = 60_000;

/** What the plugin gave: a token, a client certificate with its key (base64 of PEM), or both. */
export interface Credential {
  readonly token?: string | undefined;
  readonly certData?: string | undefined;
  readonly keyData?: string | undefined;
  /** When it ends, in ms since 1970; absent: it holds until the server refuses it. */
  readonly expiresAt?: number | undefined;
}

/** How a plugin is run. */
export interface ExecCredentialOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the plugin. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long it may take where nobody is at a terminal, in ms; 0: as long as it likes. At a terminal it has all the
   * time that a login in a browser takes, as with kubectl, and Ctrl-C ends it.
   */
  readonly unattendedLimitMs?: number | undefined;
}

/**
 * Runs the plugin; its stderr is this process's, and so is its stdin where that is a terminal and it may ask.
 * @throws {UserError} exit 3: it is not there, failed, took too long, or printed no credential
 * @throws the signal's reason
 */
export async function execCredential(
  plugin: ExecPlugin,
  cluster: KubeCluster,
  options: ExecCredentialOptions = {},
): Promise<Credential> {
  // In raw mode the terminal is a remote shell's, and what is typed is meant for that.
  const isOurs = process.stdin.isTTY === true && !process.stdin.isRaw;
  const interactive = plugin.interactiveMode !== 'Never' && isOurs;
  if (plugin.interactiveMode === 'Always' && !interactive) {
    throw new UserError(`the credential plugin "${plugin.command}" needs a terminal to prompt on.`, 3);
  }
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}) },
  };
  const own = Object.fromEntries(plugin.env.map(({ name, value }) => [name, value]));
  const env = { ...(options.env ?? process.env), ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  options.signal?.throwIfAborted();
  const child = spawn(plugin.command, plugin.args, {
    env,
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    // A group of its own can be ended whole; at a terminal it has to be in the foreground's to ask.
    detached: !isOurs && process.platform !== 'win32',
  });
  unblockStderr();
  return readCredential(plugin, await outputOf(child, plugin, isOurs, options));
}

/**
 * A descriptor that a child inherits blocks from then on, for this process as well (libuv's uv__process_child_init): whoever reads slowly
 * what a command prints would stop all else, and the far side would take this client for dead. A terminal's always blocks.
 */
function unblockStderr(): void {
  const { stderr } = process;
  if (process.platform === 'win32' || stderr.isTTY) return;
  const { _handle: pipe } = stderr as unknown as {
    readonly _handle?: { setBlocking?(isBlocking: boolean): void };
  };
  pipe?.setBlocking?.(false);
}

/** What the plugin prints until it ends; one that prints or takes too much is ended. */
function outputOf(
  child: ChildProcess,
  plugin: ExecPlugin,
  isAttended: boolean,
  { signal, unattendedLimitMs = UNATTENDED_LIMIT_MS }: ExecCredentialOptions,
): Promise<string> {
  const it = `the kubeconfig's credential plugin "${plugin.command}"`;
  const { stdout } = child;
  return new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let killing: NodeJS.Timeout | undefined;
    const kill = (signal: NodeJS.Signals): void => {
      if (isAttended || process.platform === 'win32' || child.pid === undefined) child.kill(signal);
      else killGroup(child.pid, signal);
    };
    const end = (reason: unknown): void => {
      reject(reason);
      // What the plugin has started may hold its stdout, too: nothing that it still writes is for anybody.
      stdout?.destroy();
      if (killing !== undefined || child.exitCode !== null || child.signalCode !== null) return;
      kill('SIGTERM');
      killing = setTimeout(() => kill('SIGKILL'), END_GRACE_MS);
    };
    const limit = isAttended ? 0 : unattendedLimitMs;
    const waiting = isAttended
      ? setTimeout(() => process.stderr.write(`waiting for ${it}; Ctrl-C ends it\n`), PATIENCE_MS)
      : limit > 0 && setTimeout(() => end(tooLong(it, limit)), limit);
    const onAbort = (): void => end(signal && abortReason(signal, it));
    const onExit = (): void => kill('SIGKILL');
    signal?.addEventListener('abort', onAbort, { once: true });
    process.once('exit', onExit);
    const done = (): void => {
      if (waiting) clearTimeout(waiting);
      signal?.removeEventListener('abort', onAbort);
      process.off('exit', onExit);
    };
    stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) chunks.push(chunk);
      else end(new UserError(`${it} printed more than 1 MiB, which is not a credential, and was ended.`, 3));
    });
    child.on('exit', () => clearTimeout(killing));
    child.on('error', (error: NodeJS.ErrnoException) => {
      done();
      const what = error.code === 'ENOENT' ? 'is not there' : `cannot be run (${error.code})`;
      reject(
        new UserError(`${it} ${what}.`, 3, {
          cause: error,
          ...(plugin.installHint === undefined ? {} : { hint: plugin.installHint }),
        }),
      );
    });
    child.on('close', (code, by) => {
      done();
      // Ctrl-C goes to the plugin as well, and it may be the quicker one.
      if (signal?.aborted) return reject(abortReason(signal, it));
      if (code === 0) return resolve(Buffer.concat(chunks).toString('utf8'));
      const how = code === null ? `was ended by ${by}` : `failed with exit code ${code}`;
      reject(new UserError(`${it} ${how}.`, 3));
    });
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

function tooLong(it: string, limitMs: number): UserError {
  return new UserError(`${it} did not finish within ${limitMs / 1000} s and was ended.`, 3, {
    hint: advice`It may wait for a login: run ${kubectl`get pods`} in a terminal first. --request-timeout sets the limit.`,
  });
}

interface ExecCredential {
  readonly kind?: unknown;
  readonly apiVersion?: unknown;
  readonly status?: { readonly [field: string]: unknown } | null;
}

function readCredential(plugin: ExecPlugin, output: string): Credential {
  const wrong = (what: string): UserError =>
    new UserError(`the kubeconfig's credential plugin "${plugin.command}" printed ${what}.`, 3);
  const printed = parse(output);
  if (printed?.kind !== 'ExecCredential') throw wrong('no ExecCredential');
  if (printed.apiVersion !== plugin.apiVersion) {
    throw wrong(`an ExecCredential of ${printed.apiVersion}, the kubeconfig expects ${plugin.apiVersion}`);
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = printed.status ?? {};
  const base64 = (pem: unknown): string | undefined =>
    typeof pem === 'string' && pem !== '' ? Buffer.from(pem).toString('base64') : undefined;
  const expiresAt = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : undefined;
  if (Number.isNaN(expiresAt)) throw wrong('an expirationTimestamp that is not a time');
  const credential = {
    token: typeof token === 'string' && token !== '' ? token.trim() : undefined,
    certData: base64(clientCertificateData),
    keyData: base64(clientKeyData),
    expiresAt,
  };
  if ((credential.certData === undefined) !== (credential.keyData === undefined)) {
    throw wrong('a client certificate without its key, or a key without its certificate');
  }
  if (credential.token === undefined && credential.certData === undefined) throw wrong('no credential');
  return credential;
}

function parse(output: string): ExecCredential | undefined {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The cluster as `spec.cluster` describes it. */
function clusterInfo(cluster: KubeCluster): object {
  return {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
    'certificate-authority-data':
      cluster.caFile === undefined ? cluster.caData : readFileSync(cluster.caFile).toString('base64'),
    'proxy-url': cluster.proxyUrl,
    config: cluster.pluginConfig,
  };
}
