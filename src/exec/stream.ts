/**
 * One remote command over one WebSocket: stdin, stdout, stderr, resize and the exit code.
 * client-node's own Exec is not used: it loses the server's reason for a refused upgrade, never reports a lost
 * connection, sends no pings and has no back-pressure.
 */
import type { Writable } from 'node:stream';
import WebSocket from 'ws';
import { monotonicMs } from '../kube/clock.ts';
import { networkReason } from '../model/network-reason.ts';
import { AdoptedSocket, type TakeOutput } from './adopted-socket.ts';
import { closeText, ExecLostError, ExecRefusedError } from './errors.ts';
import type { ExecEndpoint, ExecOptions, ExecStreams } from './exec-streams.ts';
import {
  decodeFrame,
  decodeStatus,
  type ExecOutcome,
  encodeResize,
  PROTOCOL_V4,
  PROTOCOL_V5,
} from './frames.ts';
import { freeBuffersInTime } from './free-buffers.ts';
import { GatheredOutput } from './gathered-output.ts';
import { hearErrors } from './output-errors.ts';
import { readRefusal } from './refused.ts';
import { StdinPump } from './stdin-pump.ts';
import { hasDescriptor, isTerminal, writtenNow } from './write-now.ts';

/** kubectl pings every 5 s (client-go remotecommand/websocket.go, pingPeriod). */
const PING_INTERVAL_MS = 5_000;
/** Silence after which the connection counts as lost. kubectl waits 61 s; on call, that is a minute of not knowing. */
export const PING_DEADLINE_MS = 20_000;
/** The same while the far end may be waiting for the command to read its stdin, which looks no different: kubectl's. */
const UNREAD_STDIN_DEADLINE_MS = 61_000;
/**
 * How long the server may stay silent after the exit status before the stream is closed from this side. kubectl waits
 * for the server's close alone; one that is overloaded may take seconds between the status and the rest of the output.
 */
const CLOSE_GRACE_MS = 10_000;
/** How long the server may take to accept the stream, unless the endpoint says otherwise. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

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

function socketTo(endpoint: ExecEndpoint, limitMs: number, takeOutput: TakeOutput): WebSocket {
  const protocols = [PROTOCOL_V5, PROTOCOL_V4];
  if (endpoint.upgrade) return new AdoptedSocket(endpoint.upgrade, protocols, limitMs, takeOutput);
  return new WebSocket(endpoint.url, protocols, {
    agent: endpoint.agent,
    headers: endpoint.headers,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    handshakeTimeout: limitMs,
  });
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
  /** What an output has not taken yet. */
  #unwritten = 0;
  readonly #gathered: Readonly<Record<'stdout' | 'stderr', GatheredOutput | undefined>>;
  #stdin: StdinPump | undefined;
  /** Bytes of stdin that the server had read when it answered the last ping. */
  #confirmed = 0;
  #closed = false;
  #lastHeard = 0;
  #lastMessage = 0;

  constructor(endpoint: ExecEndpoint, streams: ExecStreams, options: ExecOptions) {
    this.#streams = streams;
    this.#options = options;
    const { stdout, stderr } = streams;
    this.#gathered = { stdout: this.#gatheredOutput(stdout), stderr: this.#gatheredOutput(stderr) };
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const { signal } = options;
    this.#handshakeTimeoutMs = endpoint.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#socket = socketTo(endpoint, this.#handshakeTimeoutMs, (channel, part) => {
      this.#lastHeard = monotonicMs();
      this.#lastMessage = this.#lastHeard;
      if (!this.#ended) this.#onOutput(channel, part);
    });
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('unexpected-response', (_request, response) => {
      void readRefusal(response, this.#handshakeTimeoutMs).then((refused) => this.#fail(refused));
    });
    this.#socket.on('open', () => this.#onOpen());
    this.#socket.on('message', (data: Buffer) => this.#onMessage(data));
    this.#socket.on('pong', (data) => {
      this.#lastHeard = monotonicMs();
      // A pong that answers no ping of this side's is allowed (RFC 6455, 5.5.3) and may say anything.
      const confirmed = Number(data.toString('latin1'));
      if (confirmed > this.#confirmed && confirmed <= this.#sent()) this.#confirmed = confirmed;
    });
    this.#socket.on('error', (error) =>
      this.#fail(
        error instanceof ExecRefusedError
          ? error
          : new ExecLostError(this.#lostText(this.#reason(error)), this.#opened, error),
      ),
    );
    // Whichever comes first: nothing comes behind the server's word that it has sent all.
    for (const end of ['concluded', 'close'] as const)
      this.#socket.on(end as 'close', (code, reason) => this.#onClose(code, reason.toString('utf8')));
    if (signal) {
      const abort = (): void => this.#fail(signal.reason);
      if (signal.aborted) queueMicrotask(abort);
      else signal.addEventListener('abort', abort, { once: true });
      this.#cleanups.push(() => signal.removeEventListener('abort', abort));
    }
    for (const output of this.#outputs()) {
      this.#cleanups.push(hearErrors(output, (error) => this.#fail(error)));
    }
  }

  #outputs(): Writable[] {
    return this.#streams.stderr ? [this.#streams.stdout, this.#streams.stderr] : [this.#streams.stdout];
  }

  #onOpen(): void {
    this.#opened = true;
    this.#lastHeard = monotonicMs();
    this.#options.onOpen?.(this.#socket.protocol);
    this.#startPings();
    if (this.#streams.onResize) {
      this.#cleanups.push(
        this.#streams.onResize((size) => {
          if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeResize(size));
        }),
      );
    }
    if (this.#streams.stdin) {
      const pump = new StdinPump(this.#streams.stdin, this.#socket);
      this.#stdin = pump;
      this.#cleanups.push(() => pump.stop());
      pump.run().catch((error: unknown) => {
        if (!this.#ended) this.#fail(error);
      });
    }
  }

  #sent(): number {
    return this.#stdin?.sent ?? 0;
  }

  #startPings(): void {
    const interval = this.#options.pingIntervalMs ?? PING_INTERVAL_MS;
    const { pingDeadlineMs = PING_DEADLINE_MS, unreadStdinDeadlineMs = UNREAD_STDIN_DEADLINE_MS } =
      this.#options;
    let awake = monotonicMs();
    const timer = setInterval(() => {
      const now = monotonicMs();
      // While a slow consumer pauses reading, pongs wait unread behind the data: silence then proves nothing. Nor does it of a time in
      // which this process was stopped (Ctrl-Z) or held up by its terminal (Ctrl-S): what has come since is read after this.
      if (this.#blocked.size > 0 || now - awake > interval + pingDeadlineMs / 2) this.#lastHeard = now;
      awake = now;
      const silence = now - this.#lastHeard;
      // Nor does it prove much while stdin is on its way: the far end reads nothing more, pings included, as long as
      // the command leaves its stdin unread. A ping's answer carries back how much had been sent before it.
      if (silence > (this.#confirmed < this.#sent() ? unreadStdinDeadlineMs : pingDeadlineMs)) {
        this.#fail(new ExecLostError(this.#lostText(`no answer for ${Math.round(silence / 1000)} s`), true));
        return;
      }
      // No ping while there may be output on its way: the command may have ended, and what is sent to a connection
      // that its other end has closed makes TCP (RFC 9293, 3.10.7.4) and the proxies on the way throw away all that
      // has not been read yet. Whoever pings regardless loses the end of what a slow reader reads.
      const isQuiet = this.#blocked.size === 0 && now - this.#lastMessage >= interval;
      if (isQuiet && this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(this.#sent()));
    }, interval);
    this.#cleanups.push(() => clearInterval(timer));
  }

  #onMessage(message: Buffer): void {
    this.#lastHeard = monotonicMs();
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
    this.#onOutput(frame.channel, frame.data);
  }

  /** @param data is another's when this returns */
  #onOutput(channel: 'stdout' | 'stderr', data: Uint8Array): void {
    this.#write(channel, this.#streams.filter?.take(channel, data) ?? data);
  }

  #write(channel: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#received += bytes.length;
    freeBuffersInTime(this.#received);
    const output = this.#streams[channel];
    if (!output) return;
    // In the order in which it came: both may lead to one place.
    this.#gathered[channel === 'stdout' ? 'stderr' : 'stdout']?.flush();
    const gathered = this.#gathered[channel];
    if (gathered) {
      gathered.put(bytes);
      return;
    }
    const now = writtenNow(output, bytes);
    // A copy: a stream holds on to it.
    if (now < bytes.length) this.#writeLater(output, Buffer.from(bytes.subarray(now)));
  }

  #gatheredOutput(output: Writable | undefined): GatheredOutput | undefined {
    if (output === undefined || !hasDescriptor(output) || isTerminal(output)) return undefined;
    return new GatheredOutput(output, (bytes, done) => this.#writeLater(output, bytes, done));
  }

  #flush(): void {
    this.#gathered.stdout?.flush();
    this.#gathered.stderr?.flush();
  }

  #writeLater(output: Writable, bytes: Buffer, done?: () => void): void {
    this.#unwritten++;
    const taken = (error?: Error | null): void => {
      done?.();
      this.#unwritten--;
      if (error) this.#fail(error);
      else if (this.#closed) this.#finishWhenWritten();
    };
    if (!output.write(bytes, taken)) this.#waitForDrain(output);
  }

  #waitForDrain(output: Writable): void {
    if (this.#blocked.has(output)) return;
    this.#blocked.add(output);
    this.#socket.pause();
    output.once('drain', () => {
      this.#blocked.delete(output);
      if (this.#blocked.size > 0) return;
      this.#lastHeard = monotonicMs();
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
      if (this.#blocked.size === 0 && monotonicMs() - this.#lastMessage > grace) this.#socket.terminate();
    }, grace / 3);
    this.#cleanups.push(() => clearInterval(timer));
  }

  #onClose(code: number, reason: string): void {
    const { filter } = this.#streams;
    if (filter && !this.#ended) {
      for (const channel of ['stdout', 'stderr'] as const) this.#write(channel, filter.rest(channel));
    }
    this.#flush();
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

  /** Ends the stream with an error. Idempotent; the first error wins. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#socket.terminate();
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#flush();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    if (this.#failure) this.#settle.reject(this.#failure.error);
    else if (this.#outcome) this.#settle.resolve(this.#outcome);
  }
}
