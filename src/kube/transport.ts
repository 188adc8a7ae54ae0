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
import { type Connection, closeIdle, connectionOf, type Headers } from './connection.ts';
import { type CredentialSource, credentialsOf } from './credentials.ts';
import { ApiError, type Route, UnreachableError, unreachable } from './errors.ts';
import type { Credential } from './exec-credential.ts';
import { type LoadedConfig, loadConfig } from './kubeconfig.ts';
import type { Endpoint, RequestOptions } from './requests.ts';
import { lostIdleConnection, MAX_TRIES, retryPauseMs } from './retry.ts';

/** A request without an answer for this long is given up, unless `--request-timeout` says otherwise. */
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** The longest time that Node's timers know; what is longer would end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/**
 * A connection that was idle for longer is not used again: load balancers and NAT forget those of a minute, without a
 * word to either side, and most requests and all exec streams may not be sent twice.
 */
const IDLE_LIMIT_MS = 30_000;
/** Where node:http tells of each response (https://nodejs.org/api/diagnostics_channel.html). */
const RESPONSES = 'http.client.response.finish';

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
    const loaded = loadConfig(flags);
    const credentials = credentialsOf(loaded, flags.requestTimeoutMs);
    const credential = await credentials.current(signal);
    const connection = await connectionOf(loaded, credential);
    const limit = flags.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    const timeoutMs = limit === 0 ? LONGEST_TIMEOUT_MS : Math.min(limit, LONGEST_TIMEOUT_MS);
    return new Transport(loaded, credentials, connection, credential, timeoutMs);
  }

  /** The URL of an API path. */
  url(path: string): URL {
    const url = new URL(this.loaded.server);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
    return url;
  }

  /** What a WebSocket needs besides its URL. */
  upgrade(): Omit<Endpoint, 'url'> {
    const credential = this.#credentials.latest();
    // A new certificate is for the next stream.
    void this.#show(credential).catch(() => undefined);
    // ws passes headers to node:http as they are, which accepts a list for a repeated header.
    return {
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

  /** Connects again where the credential has another client certificate. */
  async #show(credential: Credential): Promise<void> {
    const shown = this.#shown;
    if (credential.certData === shown.certData && credential.keyData === shown.keyData) return;
    const connection = await connectionOf(this.loaded, credential);
    closeIdle(this.#connection.agent);
    this.#connection = connection;
    this.#shown = credential;
  }

  /**
   * Sends a request and returns its answer's head; an HTTP error is thrown as {@link ApiError}. What the server asks to
   * send again later is sent again, as long as the request's limit allows it; so is what met a connection that the
   * server had given up, and what was refused for credentials of which there are newer ones.
   */
  async send(method: string, path: string, options: RequestOptions): Promise<http.IncomingMessage> {
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
      const error = apiError(status, await this.body(answer, signal), this.loaded.server);
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
    const url = this.url(path);
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
      throw this.#unanswered(error, signal);
    });
  }

  /** Reads an answer to its end, under the limit that its head was under. */
  async body(response: http.IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
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
