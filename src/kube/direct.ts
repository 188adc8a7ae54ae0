/**
 * One connection to the API server over TLS, for one request at a time, without node:https: that brings eleven modules, whose
 * functions Node compiles at each start anew, 9 of the 48 ms of CPU of the least program for an exec. Requests beside the one
 * that runs, watches, and all that goes through a proxy take node:https.
 */

import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { AnswerReader } from './answer-reader.ts';
import { Inlet } from './inlet.ts';
import type { Headers } from './requests.ts';

/** What is sent. */
export interface DirectRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: string | undefined;
  /** Asks for another protocol. */
  readonly isUpgrade?: boolean;
}

/** How long it may take. */
export interface DirectLimits {
  /** For the answer's head, in ms. */
  readonly headMs: number;
  /** For the rest of it. */
  readonly bodyMs: number;
  /** What a limit that is over is told by. */
  readonly tooLate: () => Error;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that was read to its end, or an upgrade's up to the other protocol. */
export interface DirectAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Only of an upgrade that was accepted: the connection, and what has come over it already. */
  readonly socket?: TLSSocket;
  readonly head?: Buffer;
  /** Of that connection. */
  readonly inlet?: Inlet;
}

/** A kept connection was given up by its other end before the request reached it. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

/** The characters that a header's value may have, as node:http has them; what has others is left to that. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What comes over a connection that nothing was asked on. */
const ENDS = ['data', 'end', 'close', 'error'] as const;

/** Whether headers can be sent as they are. */
export function areSendable(headers: Headers): boolean {
  return Object.entries(headers).every(
    ([name, value]) => FIELD_NAME.test(name) && [value].flat().every((one) => FIELD_VALUE.test(one)),
  );
}

/** See above. */
export class DirectConnection {
  readonly #server: URL;
  readonly #options: ConnectionOptions;
  #context: SecureContext | undefined;
  /** Of the last connection: later ones resume it. */
  #session: Buffer | undefined;
  #idle: { readonly socket: TLSSocket; readonly drop: () => void } | undefined;
  /** A connection that no request has taken yet. */
  #begun: TLSSocket | undefined;
  readonly #inlets = new WeakMap<TLSSocket, Inlet>();
  #running = 0;

  /** @param options what https.Agent would take */
  constructor(server: URL, options: ConnectionOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Whether nothing runs on it. */
  get isFree(): boolean {
    return this.#running === 0;
  }

  /** The TLS session of the last connection, by which one to the same server with the same options begins with less work. */
  get session(): Buffer | undefined {
    return this.#session;
  }

  /** Closes the connection if nothing runs on it. */
  closeIdle(): void {
    this.#idle?.drop();
    this.#begun?.destroy();
    this.#begun = undefined;
  }

  /**
   * Begins a connection for the first request. It does not keep the process alive; one that comes to nothing is made again by the
   * request, which then learns why.
   */
  begin(): void {
    this.#begun = this.#open();
    this.#begun.on('error', ignore).unref();
  }

  /**
   * Sends a request and reads its whole answer.
   * @throws {StaleConnectionError} whoever may send the request twice sends it again
   * @throws the socket's error, the signal's reason, what `tooLate` gives, or {@link BadAnswerError}
   */
  ask(request: DirectRequest, limits: DirectLimits): Promise<DirectAnswer> {
    const { signal } = limits;
    // Before the kept connection is taken: it stays for the next request, and keeps no process alive.
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#running++;
    const kept = this.#taken();
    return new Promise<DirectAnswer>((resolve, reject) => {
      const socket = kept ?? this.#takeBegun() ?? this.#open();
      const reader = new AnswerReader(request.isUpgrade === true);
      let hasBegun = false;
      let isStopped = false;
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', fail);
      };
      const fail = (error: Error): void => {
        stop();
        // What comes after the first error is of no interest, but would end the process.
        socket.on('error', () => undefined);
        socket.destroy();
        // The words of a refusal are worth telling as far as they came.
        if (request.isUpgrade && reader.hasHead && !signal?.aborted) resolve(reader);
        else if (kept === undefined || hasBegun || isStopped) reject(error);
        else reject(new StaleConnectionError(error.message, { cause: error }));
      };
      const giveUp = (error: Error): void => {
        isStopped = true;
        fail(error);
      };
      const onAbort = (): void => giveUp(signal?.reason);
      let timer = setTimeout(() => giveUp(limits.tooLate()), limits.headMs);
      const done = (): void => {
        stop();
        const { status, headers, body } = reader;
        if (status === 101) {
          // Until somebody reads the other protocol, who sees an error before that by its being destroyed.
          socket.on('error', () => undefined).pause();
          const inlet = this.#inlets.get(socket);
          resolve({ status, headers, body, socket, head: reader.rest, ...(inlet ? { inlet } : {}) });
          return;
        }
        if (reader.isReusable && !socket.destroyed) this.#keep(socket);
        else {
          socket.on('error', () => undefined);
          socket.destroy();
        }
        resolve({ status, headers, body });
      };
      const onData = (bytes: Buffer): void => {
        hasBegun = true;
        const hadHead = reader.hasHead;
        try {
          reader.push(bytes);
        } catch (error) {
          fail(error as Error);
          return;
        }
        if (reader.isWhole) done();
        else if (!hadHead && reader.hasHead) {
          clearTimeout(timer);
          timer = setTimeout(() => giveUp(limits.tooLate()), limits.bodyMs);
        }
      };
      const onEnd = (): void => {
        if (reader.end()) done();
        // As node:http calls it.
        else fail(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', fail);
      socket.write(this.#text(request), 'latin1');
      if (request.body !== undefined) socket.write(request.body);
    }).finally(() => {
      this.#running--;
    });
  }

  #takeBegun(): TLSSocket | undefined {
    const socket = this.#begun;
    this.#begun = undefined;
    if (socket === undefined || socket.destroyed || socket.readableEnded) return undefined;
    return socket.off('error', ignore).ref();
  }

  #open(): TLSSocket {
    this.#context ??= createSecureContext(this.#options);
    const host = this.#server.hostname.replace(/^\[|\]$/g, '');
    const inlet = new Inlet();
    // The types know it of sockets without TLS alone.
    const options: ConnectionOptions & Pick<Inlet, 'onread'> = {
      ALPNProtocols: ['http/1.1'],
      // A server's name is no address (RFC 6066, 3).
      servername: isIP(host) === 0 ? host : '',
      ...definedOnly(this.#options),
      secureContext: this.#context,
      host,
      port: Number(this.#server.port || 443),
      ...(this.#session === undefined ? {} : { session: this.#session }),
      onread: inlet.onread,
    };
    const socket = connect(options);
    this.#inlets.set(socket, inlet.of(socket));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 1000);
    socket.on('session', (session) => {
      this.#session = session;
    });
    return socket;
  }

  /** It does not keep the process alive, and whatever happens on it is its end. */
  #keep(socket: TLSSocket): void {
    const drop = (): void => {
      if (this.#idle?.socket === socket) this.#idle = undefined;
      socket.destroy();
    };
    // Of two requests that ran beside each other; one connection is kept.
    this.#idle?.drop();
    this.#idle = { socket, drop };
    for (const event of ENDS) socket.on(event, drop);
    socket.unref();
  }

  #taken(): TLSSocket | undefined {
    if (this.#idle === undefined) return undefined;
    const { socket, drop } = this.#idle;
    this.#idle = undefined;
    for (const event of ENDS) socket.off(event, drop);
    return socket.ref();
  }

  #text({ method, url, headers, body }: DirectRequest): string {
    const all = {
      Host: url.host,
      Connection: 'keep-alive',
      ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}`),
    );
    return [`${method} ${url.pathname}${url.search} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  }
}

function ignore(): void {}

function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
