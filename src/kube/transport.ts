/**
 * The way to one API server as one user: requests go out with the credentials of the moment, on kept connections, and again
 * where that is asked for or does no harm. One keep-alive agent carries the requests and the exec upgrades, so a run of
 * several calls pays for one TLS handshake.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionFlags } from '../model/args.ts';
import { abortReason } from '../model/errors.ts';
import { apiError, readBody } from './answers.ts';
import { monotonicMs } from './clock.ts';
import { type Connection, connectionOf } from './connection.ts';
import { type CredentialSource, credentialsOf } from './credentials.ts';
import { areSendable, type DirectAnswer, type DirectConnection, StaleConnectionError } from './direct.ts';
import { ApiError, type Route, UnreachableError, unreachable } from './errors.ts';
import type { Credential } from './exec-credential.ts';
import { type LoadedConfig, loadConfig } from './kubeconfig.ts';
import type { Endpoint, Headers, RequestOptions } from './requests.ts';
import { IDEMPOTENT, lostIdleConnection, MAX_TRIES, retryPauseMs } from './retry.ts';

/** A request without an answer for this long is given up, unless `--request-timeout` says otherwise. */
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** The longest time that Node's timers know; what is longer would end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/**
 * A connection that was idle for longer is not used again: load balancers and NAT forget those of a minute, without a
 * word to either side, and most requests and all exec streams may not be sent twice.
 */
const IDLE_LIMIT_MS = 30_000;
/** How long the words of a refused upgrade may take: the status alone is worth telling. */
const REFUSAL_TIMEOUT_MS = 2_000;
/** Where node:http tells of each response (https://nodejs.org/api/diagnostics_channel.html). */
const RESPONSES = 'http.client.response.finish';

/** An answer that was read already. */
interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly whole: string;
}

/** The body of either is had by {@link Transport.body}. */
type Answer = http.IncomingMessage | WholeAnswer;

/** What was begun early with certain flags, for the first who connects with them. */
const early = new WeakMap<ConnectionFlags, (signal: AbortSignal | undefined) => Promise<Transport>>();

/**
 * Reads the kubeconfig and, where that needs no other program and leads over no proxy, begins a connection to the server, for
 * whoever connects with these flags next. Nothing is asked of the server.
 * @returns resolves when the connection is under way; what is wrong is thrown to who connects
 */
export async function beginConnecting(flags: ConnectionFlags): Promise<void> {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(flags);
  } catch (error) {
    early.set(flags, () => Promise.reject(error));
    return;
  }
  const { user, cluster } = loaded;
  if (user.exec !== undefined || user.authProvider !== undefined || cluster.proxyUrl !== undefined) {
    early.set(flags, (signal) => Transport.of(loaded, flags, signal));
    return;
  }
  const making = Transport.of(loaded, flags);
  early.set(flags, () => making);
  await making.then(
    (transport) => transport.begin(),
    () => undefined,
  );
}

/** One user's way to one API server. */
export class Transport {
  readonly loaded: LoadedConfig;
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
    this.loaded = loaded;
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
   */
  static async connect(flags: ConnectionFlags, signal?: AbortSignal): Promise<Transport> {
    const begun = early.get(flags);
    early.delete(flags);
    return begun === undefined ? Transport.of(loadConfig(flags), flags, signal) : begun(signal);
  }

  /** The same with a kubeconfig that was read already. */
  static async of(loaded: LoadedConfig, flags: ConnectionFlags, signal?: AbortSignal): Promise<Transport> {
    const credentials = credentialsOf(loaded, flags.requestTimeoutMs);
    const credential = await credentials.current(signal);
    const connection = await connectionOf(loaded, credential);
    const limit = flags.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    const timeoutMs = limit === 0 ? LONGEST_TIMEOUT_MS : Math.min(limit, LONGEST_TIMEOUT_MS);
    return new Transport(loaded, credentials, connection, credential, timeoutMs);
  }

  /** Begins a connection for the first request. */
  begin(): void {
    this.#connection.direct?.begin();
  }

  /** The URL of an API path. */
  url(path: string): URL {
    const url = new URL(this.loaded.server);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
    return url;
  }

  /** What a WebSocket needs. @param url with the path and query, by `https:` or `http:` */
  upgrade(url: URL): Endpoint {
    const credential = this.#credentials.latest();
    // A new certificate is for the next stream.
    void this.#show(credential).catch(() => undefined);
    const headers = this.#headers(credential);
    const direct = this.#direct(headers);
    const endpoint = {
      // http(s) becomes ws(s).
      url: `ws${url.href.slice('http'.length)}`,
      // ws passes headers to node:http as they are, which accepts a list for a repeated header.
      headers: headers as Record<string, string>,
      timeoutMs: this.#timeoutMs,
    };
    if (direct === undefined) return { ...endpoint, agent: this.#agent() };
    return {
      ...endpoint,
      agent: undefined,
      upgrade: async (more, signal) => {
        const request = { method: 'GET', url, headers: { ...headers, ...more }, isUpgrade: true };
        const tooLate = (): Error => this.#tooLate();
        const limits = { headMs: LONGEST_TIMEOUT_MS, bodyMs: REFUSAL_TIMEOUT_MS, tooLate, signal };
        try {
          return this.#heard(await direct.ask(request, limits), credential);
        } catch (error) {
          // It may not be sent twice.
          throw error instanceof StaleConnectionError ? error.cause : error;
        }
      },
    };
  }

  /** The connection that takes requests one by one, where it can take one now. */
  #direct(headers: Headers): DirectConnection | undefined {
    const { direct } = this.#connection;
    if (direct?.isFree !== true || !areSendable(headers)) return undefined;
    this.#closeOld();
    return direct;
  }

  /** As {@link #onResponse}. */
  #heard(answer: DirectAnswer, { token }: Credential): DirectAnswer {
    this.#usedAt = Date.now();
    if (answer.status === 401 && token !== undefined) this.#credentials.refused(token);
    return answer;
  }

  /** Closes idle connections, so that the process can end. */
  close(): void {
    unsubscribe(RESPONSES, this.#onResponse);
    this.#connection.close();
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
    this.#closeOld();
    return this.#connection.agent();
  }

  #closeOld(): void {
    const now = Date.now();
    if (now - this.#usedAt > IDLE_LIMIT_MS) this.#connection.closeIdle();
    this.#usedAt = now;
  }

  #headers({ token }: Credential): Headers {
    const { headers } = this.#connection;
    return token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` };
  }

  /** Connects again where the credential has another client certificate. */
  async #show(credential: Credential): Promise<void> {
    const shown = this.#shown;
    if (credential.certData === shown.certData && credential.keyData === shown.keyData) return;
    const connection = await connectionOf(this.loaded, credential);
    this.#connection.closeIdle();
    this.#connection = connection;
    this.#shown = credential;
  }

  /**
   * Sends a request and returns its answer's head; an HTTP error is thrown as {@link ApiError}. What the server asks to
   * send again later is sent again, as long as the request's limit allows it; so is what met a connection that the
   * server had given up, and what was refused for credentials of which there are newer ones.
   */
  async send(method: string, path: string, options: RequestOptions): Promise<Answer> {
    return this.#send(options.signal, (credential, deadline) =>
      this.#tryDirect(method, path, options, credential, deadline),
    );
  }

  /** The same for an answer that is read while it comes. */
  async stream(path: string, options: RequestOptions): Promise<http.IncomingMessage> {
    return this.#send(options.signal, (credential, deadline) =>
      this.#try('GET', path, options, credential, deadline),
    );
  }

  async #send<T extends Answer>(
    signal: AbortSignal | undefined,
    tryOnce: (credential: Credential, deadline: number) => Promise<T | undefined>,
  ): Promise<T> {
    let credential = await this.#credentials.current(signal);
    let isRenewed = false;
    const deadline = monotonicMs() + this.#timeoutMs;
    for (let tries = 1; ; tries++) {
      await this.#show(credential);
      const answer = await tryOnce(credential, deadline);
      if (answer === undefined) continue;
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) return answer;
      const error = apiError(status, await this.body(answer, signal), this.loaded.server);
      if (status === 401 && !isRenewed) {
        const other = await this.#credentials.insteadOf(credential, signal);
        if (other === undefined) throw error;
        credential = other;
        isRenewed = true;
        continue;
      }
      const pause = retryPauseMs(status, answer.headers['retry-after']);
      if (pause === undefined || tries >= MAX_TRIES || monotonicMs() + pause >= deadline) throw error;
      await delay(pause, undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
    }
  }

  /** One try on the connection that takes requests one by one, else as {@link #try}. */
  async #tryDirect(
    method: string,
    path: string,
    options: RequestOptions,
    credential: Credential,
    deadline: number,
  ): Promise<Answer | undefined> {
    const { body, signal } = options;
    const headers = this.#requestHeaders(options, credential);
    const direct = this.#direct(headers);
    if (direct === undefined) return this.#try(method, path, options, credential, deadline);
    const request = {
      method,
      url: this.#requestUrl(path, options),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    const headMs = Math.max(1, deadline - monotonicMs());
    try {
      const limits = { headMs, bodyMs: this.#timeoutMs, tooLate: () => this.#tooLate(), signal };
      const answer = this.#heard(await direct.ask(request, limits), credential);
      return { statusCode: answer.status, headers: answer.headers, whole: answer.body };
    } catch (error) {
      const isStale = error instanceof StaleConnectionError;
      if (!isStale || !IDEMPOTENT.has(method)) throw this.#unanswered(isStale ? error.cause : error, signal);
      // The others have been idle as long.
      this.#connection.closeIdle();
      return undefined;
    }
  }

  #requestUrl(path: string, { query }: RequestOptions): URL {
    const url = this.url(path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return url;
  }

  #requestHeaders({ body, contentType, accept }: RequestOptions, credential: Credential): Headers {
    return {
      ...this.#headers(credential),
      // Not for an exec: the API server answers 406 to an upgrade that asks for JSON.
      Accept: accept ?? 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': contentType ?? 'application/json' }),
    };
  }

  /** One try; `undefined`: it met a connection that was lost while it was idle, and may be tried again. */
  #try(
    method: string,
    path: string,
    options: RequestOptions,
    credential: Credential,
    deadline: number,
  ): Promise<http.IncomingMessage | undefined> {
    const { body, signal } = options;
    const url = this.#requestUrl(path, options);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const agent = this.#agent();
    const limit = Math.max(1, deadline - monotonicMs());
    return new Promise<http.IncomingMessage | undefined>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method,
        agent,
        headers: {
          ...this.#requestHeaders(options, credential),
          ...(payload === undefined ? {} : { 'Content-Length': Buffer.byteLength(payload) }),
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
        this.#connection.closeIdle();
        resolve(undefined);
      });
      request.on('response', (message) => {
        clearTimeout(timer);
        this.#usedAt = Date.now();
        resolve(message);
      });
      request.end(payload);
    }).catch((error: unknown) => {
      throw this.#unanswered(error, signal);
    });
  }

  /** Reads an answer to its end, under the limit that its head was under. */
  async body(response: Answer, signal: AbortSignal | undefined): Promise<string> {
    if ('whole' in response) return response.whole;
    const timer = setTimeout(() => response.destroy(this.#tooLate()), this.#timeoutMs);
    try {
      return await readBody(response);
    } catch (error) {
      throw this.#unanswered(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #tooLate(): UnreachableError {
    const limit = this.#timeoutMs / 1000;
    return new UnreachableError(
      `no answer from the API server at ${this.loaded.server.origin} within ${limit} s.`,
    );
  }

  #unanswered(error: unknown, signal: AbortSignal | undefined): unknown {
    if (!signal?.aborted) return this.failure(error, signal);
    return abortReason(signal, `an answer from the API server at ${this.loaded.server.origin}`);
  }

  /** The error for an answer that did not come, or was incomplete. */
  failure(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return error instanceof UnreachableError || error instanceof ApiError
      ? error
      : unreachable(this.#route, error);
  }
}
