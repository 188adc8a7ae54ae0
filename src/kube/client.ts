/**
 * A small client of the Kubernetes API: JSON requests, watches, and what an exec stream needs to connect.
 * client-node's generated client is not used: it takes 100 ms of a command that takes 150 ms. Its KubeConfig is, for
 * all ways to authenticate. One keep-alive agent carries the requests and the exec upgrades, so a run of several
 * calls pays for one TLS handshake.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionFlags } from '../model/args.ts';
import { type Connection, closeIdle, connectionOf, type Headers } from './connection.ts';
import { type CredentialSource, credentialsOf } from './credentials.ts';
import { ApiError, type Route, TooLargeError, UnreachableError, unreachable } from './errors.ts';
import type { Credential } from './exec-credential.ts';
import { type LoadedConfig, loadConfig } from './kubeconfig.ts';
import { lostIdleConnection, MAX_TRIES, retryPauseMs } from './retry.ts';

/** A request without an answer for this long is given up, unless `--request-timeout` says otherwise. */
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** The longest time that Node's timers know; what is longer would end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_BODY = 64 * 1024 * 1024;
/**
 * A connection that was idle for longer is not used again: load balancers and NAT forget those of a minute, without a
 * word to either side, and most requests and all exec streams may not be sent twice.
 */
const IDLE_LIMIT_MS = 30_000;
/** Where node:http tells of each response (https://nodejs.org/api/diagnostics_channel.html). */
const RESPONSES = 'http.client.response.finish';

/** Options of one request. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Other representations than plain JSON, as the header Accept has them. */
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** One event of a watch. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** What to run where; the container is one of the pod's, ephemeral ones included. */
export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** How a WebSocket reaches the exec endpoint. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
  /** Limit for the server to accept the stream, in milliseconds. */
  readonly timeoutMs: number;
}

/** A connection to one cluster as one user. */
export class KubeClient {
  readonly namespace: string;
  readonly contextName: string;
  readonly server: URL;
  readonly #loaded: LoadedConfig;
  readonly #credentials: CredentialSource;
  readonly #timeoutMs: number;
  readonly #route: Route;
  #connection: Connection;
  /** By the time of day: a machine that slept has no fresh connections. */
  #usedAt = Date.now();
  /** The credential whose client certificate the connection shows. */
  #shown: Credential;

  private constructor(
    loaded: LoadedConfig,
    credentials: CredentialSource,
    connection: Connection,
    shown: Credential,
    timeoutMs: number,
  ) {
    this.namespace = loaded.namespace;
    this.contextName = loaded.contextName;
    this.server = loaded.server;
    this.#loaded = loaded;
    this.#credentials = credentials;
    this.#connection = connection;
    this.#shown = shown;
    this.#timeoutMs = timeoutMs;
    this.#route = { server: loaded.server, proxyUrl: loaded.cluster.proxyUrl };
    subscribe(RESPONSES, this.#onResponse);
  }

  /**
   * Loads the kubeconfig and the user's credentials; nothing is sent yet.
   * @param signal ends a credential plugin that is waited for
   * @throws {UserError} exit 3: no usable configuration or credentials
   */
  static async connect(flags: ConnectionFlags, signal?: AbortSignal): Promise<KubeClient> {
    const loaded = loadConfig(flags);
    const credentials = credentialsOf(loaded, flags.requestTimeoutMs);
    const credential = await credentials.current(signal);
    const connection = await connectionOf(loaded, credential);
    const limit = flags.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    const timeoutMs = limit === 0 ? LONGEST_TIMEOUT_MS : Math.min(limit, LONGEST_TIMEOUT_MS);
    return new KubeClient(loaded, credentials, connection, credential, timeoutMs);
  }

  /** GET of an API path such as `/api/v1/namespaces/x/pods/y`. */
  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json('GET', path, options);
  }

  post<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#json('POST', path, { contentType: 'application/json', ...options, body });
  }

  /** A strategic merge patch, which adds to lists by their merge key instead of replacing them. */
  patch<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#json('PATCH', path, {
      contentType: 'application/strategic-merge-patch+json',
      ...options,
      body,
    });
  }

  /** @param options its body: DeleteOptions, such as preconditions and the grace period */
  delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json('DELETE', path, options);
  }

  /**
   * Watches a list until the caller stops iterating, the signal aborts or the server ends it (which it does after
   * some minutes; the caller starts again). An `ERROR` event is thrown as {@link ApiError}.
   */
  async *watch<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const response = await this.#send('GET', path, { query: { ...query, watch: 'true' }, signal });
    let rest = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.filter((l) => l !== '')) {
          const event = this.#event<T>(line);
          if (event.type === 'ERROR') {
            const status = event.object as { code?: number; reason?: string; message?: string };
            throw new ApiError(status.code ?? 500, status.reason, status.message ?? 'the watch failed');
          }
          yield event;
        }
      }
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      response.destroy();
    }
  }

  #event<T>(line: string): WatchEvent<T> {
    try {
      return JSON.parse(line) as WatchEvent<T>;
    } catch {
      throw new UnreachableError(`${this.server.origin} sent a watch event that is not JSON.`);
    }
  }

  /**
   * The WebSocket endpoint that runs a command in a container, with the credentials of this moment: whoever opens a
   * stream again asks for it again.
   */
  execEndpoint(target: ExecTarget): Endpoint {
    const url = this.#url(
      `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/pods/${encodeURIComponent(target.pod)}/exec`,
    );
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('container', target.container);
    url.searchParams.set('stdin', String(target.stdin));
    url.searchParams.set('stdout', 'true');
    url.searchParams.set('stderr', String(!target.tty));
    url.searchParams.set('tty', String(target.tty));
    for (const word of target.command) url.searchParams.append('command', word);
    const credential = this.#credentials.latest();
    // A new certificate is for the next stream.
    void this.#show(credential).catch(() => undefined);
    // ws passes headers to node:http as they are, which accepts a list for a repeated header.
    return {
      url: url.href,
      headers: this.#headers(credential) as Record<string, string>,
      agent: this.#agent(),
      timeoutMs: this.#timeoutMs,
    };
  }

  /** Closes idle connections, so that the process can end. */
  close(): void {
    unsubscribe(RESPONSES, this.#onResponse);
    this.#connection.agent.destroy();
  }

  /**
   * Hears of every 401, since the exec streams that go out with this client's credentials are not its own requests.
   * Of a stream that nobody renews credentials for, all later tries would be refused, too.
   */
  readonly #onResponse = (message: unknown): void => {
    const { request, response } = message as {
      readonly request: http.ClientRequest;
      readonly response: http.IncomingMessage;
    };
    if (response.statusCode !== 401) return;
    const token = /^Bearer (.+)$/.exec(String(request.getHeader('Authorization')))?.[1];
    if (token !== undefined) this.#credentials.refused(token);
  };

  /** The agent, with no connection in it that may be dead. */
  #agent(): http.Agent {
    const { agent } = this.#connection;
    const now = Date.now();
    if (now - this.#usedAt > IDLE_LIMIT_MS) closeIdle(agent);
    this.#usedAt = now;
    return agent;
  }

  #headers({ token }: Credential): Headers {
    const { headers } = this.#connection;
    return token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` };
  }

  /** Connects anew where the credential has another client certificate. */
  async #show(credential: Credential): Promise<void> {
    const shown = this.#shown;
    if (credential.certData === shown.certData && credential.keyData === shown.keyData) return;
    const connection = await connectionOf(this.#loaded, credential);
    closeIdle(this.#connection.agent);
    this.#connection = connection;
    this.#shown = credential;
  }

  #url(path: string): URL {
    const url = new URL(this.server);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
    return url;
  }

  async #json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const response = await this.#send(method, path, options);
    const body = await this.#body(response, options.signal);
    try {
      return JSON.parse(body) as T;
    } catch {
      throw new ApiError(
        response.statusCode ?? 0,
        undefined,
        `${this.server.origin} answered with something that is not JSON.`,
      );
    }
  }

  /**
   * Sends a request and returns its answer's head; an HTTP error is thrown as {@link ApiError}. What the server asks to
   * send again later is sent again, as long as the request's limit allows it; so is what met a connection that the
   * server had given up, and what was refused for credentials of which there are newer ones.
   */
  async #send(method: string, path: string, options: RequestOptions): Promise<http.IncomingMessage> {
    const { signal } = options;
    let credential = await this.#credentials.current(signal);
    let isRenewed = false;
    const deadline = performance.now() + this.#timeoutMs;
    for (let tries = 1; ; tries++) {
      await this.#show(credential);
      const answer = await this.#try(method, path, options, credential, deadline);
      if (answer === undefined) continue;
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) return answer;
      const error = apiError(status, await this.#body(answer, signal), this.server);
      if (status === 401 && !isRenewed) {
        const other = await this.#credentials.insteadOf(credential, signal);
        if (other === undefined) throw error;
        credential = other;
        isRenewed = true;
        continue;
      }
      const pause = retryPauseMs(status, answer.headers['retry-after']);
      if (pause === undefined || tries >= MAX_TRIES || performance.now() + pause >= deadline) throw error;
      await delay(pause, undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
    }
  }

  /** One try; `undefined`: it met a connection that was lost while it was idle, and may be tried again. */
  #try(
    method: string,
    path: string,
    { query, body, contentType, accept, signal }: RequestOptions,
    credential: Credential,
    deadline: number,
  ): Promise<http.IncomingMessage | undefined> {
    const url = this.#url(path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const agent = this.#agent();
    const limit = Math.max(1, deadline - performance.now());
    return new Promise<http.IncomingMessage | undefined>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method,
        agent,
        headers: {
          ...this.#headers(credential),
          // Not for an exec: the API server answers 406 to an upgrade that asks for JSON.
          Accept: accept ?? 'application/json',
          ...(payload === undefined
            ? {}
            : {
                'Content-Type': contentType ?? 'application/json',
                'Content-Length': Buffer.byteLength(payload),
              }),
        },
        // The way through a proxy is a connection of its own, and ends by this limit alone.
        timeout: limit,
        ...(signal ? { signal } : {}),
      });
      const timer = setTimeout(() => request.destroy(this.#tooLate()), limit);
      request.on('error', (error) => {
        clearTimeout(timer);
        if (signal?.aborted || !lostIdleConnection(request, error)) return reject(error);
        // The others have been idle as long.
        closeIdle(agent);
        resolve(undefined);
      });
      request.on('response', (message) => {
        clearTimeout(timer);
        this.#usedAt = Date.now();
        resolve(message);
      });
      request.end(payload);
    }).catch((error: unknown) => {
      throw this.#failure(error, signal);
    });
  }

  /** Reads an answer to its end, under the limit that its head was under. */
  async #body(response: http.IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
    const timer = setTimeout(() => response.destroy(this.#tooLate()), this.#timeoutMs);
    try {
      return await readBody(response);
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #tooLate(): UnreachableError {
    const limit = this.#timeoutMs / 1000;
    return new UnreachableError(`no answer from the API server at ${this.server.origin} within ${limit} s.`);
  }

  /** What an answer that did not come, or not to its end, is told as. */
  #failure(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return error instanceof UnreachableError || error instanceof ApiError
      ? error
      : unreachable(this.#route, error);
  }
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new TooLargeError('the API server sent more than 64 MiB.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function apiError(status: number, body: string, server: URL): ApiError {
  let parsed: { message?: unknown; reason?: unknown } = {};
  try {
    parsed = JSON.parse(body) as typeof parsed;
  } catch {
    // A proxy's HTML page, say: the status code alone is worth telling.
  }
  const message =
    typeof parsed?.message === 'string' ? parsed.message : `HTTP ${status} from ${server.origin}`;
  if (status === 401) {
    return new ApiError(
      status,
      'Unauthorized',
      `the API server at ${server.origin} does not accept these credentials (401).`,
    );
  }
  return new ApiError(status, typeof parsed?.reason === 'string' ? parsed.reason : undefined, message);
}
