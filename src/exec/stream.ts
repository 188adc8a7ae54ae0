/**
 * One remote command over one WebSocket: stdin, stdout, stderr, resize and the exit code.
 * client-node's own Exec is not used: it loses the server's reason for a refused upgrade, never reports a lost
 * connection, sends no pings and has no back-pressure.
 */
import type { Agent, IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import WebSocket from 'ws';
import { networkReason } from '../model/network-reason.ts';
import { ExecLostError, refusal } from './errors.ts';
import {
  decodeFrame,
  decodeStatus,
  type ExecOutcome,
  encodeResize,
  encodeStdin,
  encodeStdinClose,
  MAX_STDIN_PAYLOAD,
  PROTOCOL_V4,
  PROTOCOL_V5,
  stdinBuffer,
  type TerminalSize,
} from './frames.ts';

/** kubectl pings every 5 s (client-go remotecommand/websocket.go, pingPeriod). */
const PING_INTERVAL_MS = 5_000;
/** Silence after which the connection counts as lost. kubectl waits 61 s; on call, that is a minute of not knowing. */
export const PING_DEADLINE_MS = 20_000;
/** The same while the far end may be waiting for the command to read its stdin, which looks no different: kubectl's. */
const UNREAD_STDIN_DEADLINE_MS = 61_000;
/** Stdin bytes handed to the socket and not yet written; above it the source is not read. */
const STDIN_WINDOW = 256 * 1024;
/**
 * How long the server may stay silent after the exit status before the stream is closed from this side. kubectl waits
 * for the server's close alone; one that is overloaded may take seconds between the status and the rest of the output.
 */
const CLOSE_GRACE_MS = 10_000;
/** How long the server may take to accept the stream, unless the endpoint says otherwise. */
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** A refused upgrade's body is read up to here, in bytes and in time. */
const MAX_ERROR_BODY = 64 * 1024;
const ERROR_BODY_TIMEOUT_MS = 2_000;

/** Where and as whom to connect: everything that an HTTP request to the API server needs. */
export interface ExecEndpoint {
  /** `ws:` or `wss:` URL with the exec path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Carries TLS material and the proxy; it is shared with the REST calls, so a warm connection is reused. */
  readonly agent: Agent;
  /** Limit for the server to accept the stream, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** Looks at the outputs on their way to their streams, and may keep some of their bytes. */
export interface OutputFilter {
  /** Takes the next bytes of an output and gives those that are to be passed on. */
  take(output: 'stdout' | 'stderr', data: Uint8Array): Uint8Array;
  /** Gives what it still keeps of an output of which nothing more comes. */
  rest(output: 'stdout' | 'stderr'): Uint8Array;
}

/** The local ends of the stream. */
export interface ExecStreams {
  /** Read until its end, then half-closed (v5). `undefined`: stdin stays open and silent until the stream ends. */
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  /** Absent with a TTY, which has one output. */
  readonly stderr?: Writable | undefined;
  readonly filter?: OutputFilter | undefined;
  /** Calls back with the terminal's size, at once and on each change; returns how to stop. */
  readonly onResize?: ((send: (size: TerminalSize) => void) => () => void) | undefined;
}

/** Options of {@link execStream}; times in milliseconds. */
export interface ExecOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pingIntervalMs?: number;
  readonly pingDeadlineMs?: number;
  readonly unreadStdinDeadlineMs?: number;
  readonly closeGraceMs?: number;
  /** Told once, when the server has accepted the stream; the argument is the sub-protocol in use. */
  readonly onOpen?: ((protocol: string) => void) | undefined;
}

/**
 * Runs the command that the endpoint's URL names until its exit status is known and its output has been written.
 * @throws {ExecRefusedError} the server said no, with its reason
 * @throws {ExecLostError} no connection, or lost in the middle
 * @throws the signal's reason when aborted, or the stdout/stderr stream's own error
 */
export function execStream(
  endpoint: ExecEndpoint,
  streams: ExecStreams,
  options: ExecOptions = {},
): Promise<ExecOutcome> {
  return new ExecSession(endpoint, streams, options).result;
}

class ExecSession {
  readonly result: Promise<ExecOutcome>;
  readonly #streams: ExecStreams;
  readonly #options: ExecOptions;
  readonly #socket: WebSocket;
  readonly #handshakeTimeoutMs: number;
  readonly #cleanups: (() => void)[] = [];
  #settle!: { resolve: (outcome: ExecOutcome) => void; reject: (error: unknown) => void };
  #outcome: ExecOutcome | undefined;
  #failure: { error: unknown } | undefined;
  #ended = false;
  #opened = false;
  /** Outputs that asked for a pause; the socket is read again when none is left. */
  readonly #blocked = new Set<Writable>();
  /** Output bytes received: tells in an error how far the stream came. */
  #received = 0;
  /** Messages that an output has not taken yet. */
  #unwritten = 0;
  /** Bytes of stdin sent, and how many of them the server had read when it answered the last ping. */
  #sent = 0;
  #confirmed = 0;
  #closed = false;
  #lastHeard = 0;
  #lastMessage = 0;

  constructor(endpoint: ExecEndpoint, streams: ExecStreams, options: ExecOptions) {
    // V8 collects a stream's buffers after each 32 MB, and frees them in another thread, which on a busy machine falls
    // behind by as much again. In this thread it takes no longer. Idempotent.
    setFlagsFromString('--no-concurrent-array-buffer-sweeping');
    this.#streams = streams;
    this.#options = options;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const { signal } = options;
    this.#handshakeTimeoutMs = endpoint.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#socket = new WebSocket(endpoint.url, [PROTOCOL_V5, PROTOCOL_V4], {
      agent: endpoint.agent,
      headers: endpoint.headers,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: this.#handshakeTimeoutMs,
    });
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('unexpected-response', (_request, response) => void this.#refused(response));
    this.#socket.on('open', () => this.#onOpen());
    this.#socket.on('message', (data: Buffer) => this.#onMessage(data));
    this.#socket.on('pong', (data) => {
      this.#lastHeard = performance.now();
      // A pong that answers no ping of this side's is allowed (RFC 6455, 5.5.3) and may say anything.
      const confirmed = Number(data.toString('latin1'));
      if (confirmed > this.#confirmed && confirmed <= this.#sent) this.#confirmed = confirmed;
    });
    this.#socket.on('error', (error) =>
      this.#fail(new ExecLostError(this.#lostText(this.#reason(error)), this.#opened, error)),
    );
    this.#socket.on('close', (code, reason) => this.#onClose(code, reason.toString('utf8')));
    if (signal) {
      const abort = (): void => this.#fail(signal.reason);
      if (signal.aborted) queueMicrotask(abort);
      else signal.addEventListener('abort', abort, { once: true });
      this.#cleanups.push(() => signal.removeEventListener('abort', abort));
    }
    for (const output of this.#outputs()) {
      const onError = (error: Error): void => this.#fail(error);
      output.on('error', onError);
      // One that failed emits its error after its callbacks: the listener stays, or nobody would be there to hear it.
      this.#cleanups.push(() => {
        if (!output.errored && !output.destroyed) output.off('error', onError);
      });
    }
  }

  #outputs(): Writable[] {
    return this.#streams.stderr ? [this.#streams.stdout, this.#streams.stderr] : [this.#streams.stdout];
  }

  #onOpen(): void {
    this.#opened = true;
    this.#lastHeard = performance.now();
    this.#options.onOpen?.(this.#socket.protocol);
    this.#startPings();
    if (this.#streams.onResize) {
      this.#cleanups.push(
        this.#streams.onResize((size) => {
          if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeResize(size));
        }),
      );
    }
    if (this.#streams.stdin) void this.#pumpStdin(this.#streams.stdin);
  }

  #startPings(): void {
    const interval = this.#options.pingIntervalMs ?? PING_INTERVAL_MS;
    const { pingDeadlineMs = PING_DEADLINE_MS, unreadStdinDeadlineMs = UNREAD_STDIN_DEADLINE_MS } =
      this.#options;
    const timer = setInterval(() => {
      const now = performance.now();
      // While a slow consumer pauses reading, pongs wait unread behind the data: silence then proves nothing.
      if (this.#blocked.size > 0) this.#lastHeard = now;
      const silence = now - this.#lastHeard;
      // Nor does it prove much while stdin is on its way: the far end reads nothing more, pings included, as long as
      // the command leaves its stdin unread. A ping's answer carries back how much had been sent before it.
      if (silence > (this.#confirmed < this.#sent ? unreadStdinDeadlineMs : pingDeadlineMs)) {
        this.#fail(new ExecLostError(this.#lostText(`no answer for ${Math.round(silence / 1000)} s`), true));
        return;
      }
      // No ping while there may be output on its way: the command may have ended, and what is sent to a connection
      // that its other end has closed makes TCP (RFC 9293, 3.10.7.4) and the proxies on the way throw away all that
      // has not been read yet. Whoever pings regardless loses the end of what a slow reader reads.
      const isQuiet = this.#blocked.size === 0 && now - this.#lastMessage >= interval;
      if (isQuiet && this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(this.#sent));
    }, interval);
    this.#cleanups.push(() => clearInterval(timer));
  }

  async #pumpStdin(stdin: Readable): Promise<void> {
    let inFlight = 0;
    // A gigabyte goes through a few buffers; new ones for each chunk would wait in memory for the garbage collector.
    const free: Uint8Array[] = [];
    let wake: (() => void) | undefined;
    // A read that is waiting when the stream ends must not keep the process alive or eat the terminal's next line.
    this.#cleanups.push(() => {
      wake?.();
      stdin.pause();
      stdin.destroy();
    });
    try {
      for await (const chunk of stdin) {
        const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        for (let at = 0; at < bytes.length; at += MAX_STDIN_PAYLOAD) {
          const buffer = free.pop() ?? stdinBuffer();
          const frame = encodeStdin(bytes.subarray(at, at + MAX_STDIN_PAYLOAD), buffer);
          inFlight += frame.length;
          this.#sent += frame.length;
          this.#socket.send(frame, () => {
            free.push(buffer);
            inFlight -= frame.length;
            if (inFlight <= STDIN_WINDOW) wake?.();
          });
          while (inFlight > STDIN_WINDOW && !this.#ended) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          // A closing socket takes everything and sends nothing: an endless source would keep its end from being seen.
          if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) return;
        }
      }
    } catch (error) {
      if (!this.#ended) this.#fail(error);
      return;
    }
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // v4 has no half-close, and closing the whole stream would lose the rest of the output: leave it open.
    if (this.#socket.protocol === PROTOCOL_V5) this.#socket.send(encodeStdinClose());
  }

  #onMessage(message: Buffer): void {
    this.#lastHeard = performance.now();
    this.#lastMessage = this.#lastHeard;
    const frame = decodeFrame(message);
    if (!frame || this.#ended) return;
    if (frame.channel === 'status') {
      this.#outcome = decodeStatus(frame.data);
      this.#closeWhenSilent();
      return;
    }
    if (frame.channel === 'unknown') {
      this.#fail(new ExecLostError(`the server sent a message on the unknown channel ${frame.byte}`, true));
      return;
    }
    this.#write(frame.channel, this.#streams.filter?.take(frame.channel, frame.data) ?? frame.data);
  }

  #write(channel: 'stdout' | 'stderr', data: Uint8Array): void {
    if (data.length === 0) return;
    this.#received += data.length;
    const output = this.#streams[channel];
    if (!output) return;
    this.#unwritten++;
    const taken = (error?: Error | null): void => {
      this.#unwritten--;
      if (error) this.#fail(error);
      else if (this.#closed) this.#finishWhenWritten();
    };
    if (!output.write(data, taken)) this.#waitForDrain(output);
  }

  #waitForDrain(output: Writable): void {
    if (this.#blocked.has(output)) return;
    this.#blocked.add(output);
    this.#socket.pause();
    output.once('drain', () => {
      this.#blocked.delete(output);
      if (this.#blocked.size > 0) return;
      this.#lastHeard = performance.now();
      this.#lastMessage = this.#lastHeard;
      this.#socket.resume();
    });
  }

  /**
   * The status may overtake the last output, since the API server copies each channel by itself; the end of the
   * stream is the server's close. Only a server that then stays silent is closed from here.
   */
  #closeWhenSilent(): void {
    const grace = this.#options.closeGraceMs ?? CLOSE_GRACE_MS;
    const timer = setInterval(() => {
      if (this.#blocked.size === 0 && performance.now() - this.#lastMessage > grace) this.#socket.terminate();
    }, grace / 3);
    this.#cleanups.push(() => clearInterval(timer));
  }

  #onClose(code: number, reason: string): void {
    const { filter } = this.#streams;
    if (filter && !this.#ended) {
      for (const channel of ['stdout', 'stderr'] as const) this.#write(channel, filter.rest(channel));
    }
    if (this.#failure === undefined && this.#outcome === undefined) {
      this.#fail(new ExecLostError(this.#lostText(closeText(code, reason)), this.#opened));
      return;
    }
    this.#closed = true;
    this.#finishWhenWritten();
  }

  /** The end of the connection is not the end of the stream: an output may still fail on what it has not taken yet. */
  #finishWhenWritten(): void {
    if (this.#unwritten === 0) this.#finish();
  }

  #reason(error: Error): string {
    // The words of ws, which names no code for it.
    if (error.message === 'Opening handshake has timed out')
      return `no answer within ${this.#handshakeTimeoutMs / 1000} s`;
    return networkReason(error);
  }

  #lostText(detail: string): string {
    if (!this.#opened) return detail;
    return `the connection was lost after ${this.#received} bytes of output, before the command's exit status (${detail})`;
  }

  async #refused(response: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    // Sooner than the handshake's own limit, which would take the status code with it.
    const limit = Math.min(ERROR_BODY_TIMEOUT_MS, this.#handshakeTimeoutMs / 2);
    const timer = setTimeout(() => response.destroy(), limit);
    try {
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > MAX_ERROR_BODY) break;
      }
    } catch {
      // A body cut short still leaves the status code to report.
    } finally {
      clearTimeout(timer);
    }
    const status = response.statusCode ?? 0;
    this.#fail(refusal(status, Buffer.concat(chunks).subarray(0, MAX_ERROR_BODY).toString('utf8')));
  }

  /** Ends the stream with an error. Idempotent; the first error wins. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#socket.terminate();
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    if (this.#failure) this.#settle.reject(this.#failure.error);
    else if (this.#outcome) this.#settle.resolve(this.#outcome);
  }
}

/** What the end of a connection says. 1006 is no code that came: nothing did (RFC 6455, 7.1.5). */
function closeText(code: number, reason: string): string {
  if (code === 1006) {
    return "it was cut off without a word; the API server, the node's kubelet or a proxy on the way may have stopped or restarted";
  }
  return reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`;
}
