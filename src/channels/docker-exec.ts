/** The channel of a Docker container: exec through the Engine API, on a connection that the daemon gives over. */
import type { Duplex, Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { DockerClient, Hijacked } from '../docker/client.ts';
import { DockerApiError, DockerUnreachableError } from '../docker/errors.ts';
import { FrameDecoder, type OutputPiece } from '../docker/frames.ts';
import { hearErrors } from '../exec/output-errors.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { ChannelError, type Size, type TerminalOptions } from './channel.ts';
import { type ExecOptions, GuardedChannel } from './guarded.ts';

/** How soon an exec is looked at again that still runs, or whose terminal is not there yet; doubles up to the last. */
const LOOK_AGAIN_MS = 10;
const LOOK_AGAIN_MAX_MS = 1_000;
/**
 * The daemon ends a terminal's session on these keys, and holds the first of them back until the next is typed. Leaving
 * is the caller's own affair, so they are set to what nobody types: Ctrl-^, sixteen times.
 */
const NO_DETACH_KEYS = Array(16).fill('ctrl-^').join(',');

/** Of an exec's state, what is used here (API: ExecInspect). */
interface ExecState {
  readonly Running: boolean;
  readonly ExitCode: number | null;
}

/** Runs commands in a container by exec. See {@link GuardedChannel}. */
export class DockerExecChannel extends GuardedChannel {
  readonly #client: DockerClient;
  readonly #container: string;

  /** @param container its id */
  constructor(client: DockerClient, container: string, leaseLostMs?: number) {
    super(leaseLostMs);
    this.#client = client;
    this.#container = container;
  }

  protected override async exec(command: readonly string[], options: ExecOptions): Promise<number> {
    const tty = options.terminal !== undefined;
    const { signal } = options;
    try {
      const { Id } = await this.#client.post<{ readonly Id: string }>(
        `/containers/${this.#container}/exec`,
        {
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: !tty,
          Tty: tty,
          Cmd: command,
          ...(tty ? { DetachKeys: NO_DETACH_KEYS } : {}),
        },
        { signal },
      );
      const connection = await this.#client.hijack(
        `/exec/${Id}/start`,
        { Detach: false, Tty: tty },
        { signal },
      );
      options.onOpen?.();
      const stopResizing = options.terminal && this.#passSizes(Id, options.terminal);
      try {
        await new HijackedStream(connection, options).ended;
      } finally {
        stopResizing?.();
      }
      return await this.#exitCode(Id, signal);
    } catch (error) {
      if (error instanceof DockerApiError) {
        throw new ChannelError('refused', error.message, { status: error.status, cause: error });
      }
      if (error instanceof DockerUnreachableError)
        throw new ChannelError('lost', withoutFullStop(error.message), { cause: error });
      throw error;
    }
  }

  /** A command may close its outputs and go on running: its end is waited for. */
  async #exitCode(id: string, signal: AbortSignal | undefined): Promise<number> {
    for (let pause = LOOK_AGAIN_MS; ; pause = Math.min(pause * 2, LOOK_AGAIN_MAX_MS)) {
      const state = await this.#client
        .get<ExecState>(`/exec/${id}/json`, { signal })
        .catch((error: unknown) => {
          if (!(error instanceof DockerApiError && error.status === 404)) throw error;
          throw new ChannelError('lost', 'the container in which the command ran is gone', { cause: error });
        });
      if (!state.Running) {
        if (state.ExitCode !== null) return state.ExitCode;
        throw new ChannelError('failed', 'the daemon does not know how the command ended');
      }
      await delay(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }

  /**
   * Tells the exec each size of the terminal; returns how to stop. The daemon gives the connection over before the
   * process is there, and refuses a size as long as it is not.
   */
  #passSizes(id: string, terminal: TerminalOptions): () => void {
    const stop = new AbortController();
    const { signal } = stop;
    let latest: Size | undefined;
    let isBusy = false;
    const send = async (): Promise<void> => {
      isBusy = true;
      for (let pause = LOOK_AGAIN_MS; latest && !signal.aborted; ) {
        const size = latest;
        const query = { h: String(size.rows), w: String(size.columns) };
        try {
          await this.#client.post(`/exec/${id}/resize`, undefined, { query, signal });
          if (latest === size) latest = undefined;
        } catch {
          await delay(pause, undefined, { signal }).catch(() => undefined);
          pause = Math.min(pause * 2, LOOK_AGAIN_MAX_MS);
        }
      }
      isBusy = false;
    };
    const unsubscribe = terminal.onResize((size) => {
      latest = size;
      if (!isBusy) void send();
    });
    return () => {
      unsubscribe();
      stop.abort(new Error('the terminal is gone'));
    };
  }
}

/** The bytes of one exec, both ways, each way only as fast as its reader reads. */
class HijackedStream {
  /** Resolves when the daemon has ended the stream and the outputs have taken everything. */
  readonly ended: Promise<void>;
  readonly #socket: Duplex;
  readonly #options: ExecOptions;
  /** `undefined` with a terminal, whose one output is not framed. */
  readonly #decoder: FrameDecoder | undefined;
  readonly #blocked = new Set<Writable>();
  readonly #cleanups: (() => void)[] = [];
  #settle!: { resolve: () => void; reject: (error: unknown) => void };
  #unwritten = 0;
  #hasEnded = false;
  #isSettled = false;

  constructor({ socket, head }: Hijacked, options: ExecOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#decoder = options.terminal ? undefined : new FrameDecoder();
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const { signal } = options;
    const abort = (): void => this.#finish(() => this.#settle.reject(signal?.reason));
    for (const output of this.#outputs()) {
      this.#cleanups.push(hearErrors(output, (error) => this.#fail(error)));
    }
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#onLost(error.message));
    socket.on('close', () => this.#onLost('it was closed'));
    if (signal?.aborted) queueMicrotask(abort);
    else signal?.addEventListener('abort', abort, { once: true });
    this.#cleanups.push(() => signal?.removeEventListener('abort', abort));
    if (head.length > 0) this.#onData(head);
    if (options.stdin) void this.#pumpStdin(options.stdin);
  }

  #outputs(): Writable[] {
    const { stdout, stderr, terminal } = this.#options;
    return stderr && !terminal ? [stdout, stderr] : [stdout];
  }

  #onData(chunk: Buffer): void {
    if (this.#isSettled) return;
    const pieces: OutputPiece[] = this.#decoder?.decode(chunk) ?? [{ stream: 'stdout', data: chunk }];
    for (const { stream, data } of pieces) {
      this.#write(stream, this.#options.filter?.take(stream, data) ?? data);
    }
  }

  #write(stream: OutputPiece['stream'], data: Uint8Array): void {
    const output = this.#options[stream];
    if (!output || data.length === 0) return;
    this.#unwritten++;
    const taken = (error?: Error | null): void => {
      this.#unwritten--;
      if (error) this.#fail(error);
      else this.#finishWhenWritten();
    };
    if (!output.write(data, taken)) this.#waitForDrain(output);
  }

  #waitForDrain(output: Writable): void {
    if (this.#blocked.has(output)) return;
    this.#blocked.add(output);
    this.#socket.pause();
    output.once('drain', () => {
      this.#blocked.delete(output);
      if (this.#blocked.size === 0) this.#socket.resume();
    });
  }

  async #pumpStdin(stdin: Readable): Promise<void> {
    const socket = this.#socket;
    let wake: (() => void) | undefined;
    const onDrain = (): void => wake?.();
    socket.on('drain', onDrain);
    // A read that is waiting when the stream ends must not keep the process alive or eat the terminal's next line.
    this.#cleanups.push(() => {
      wake?.();
      stdin.pause();
      stdin.destroy();
    });
    try {
      for await (const chunk of stdin) {
        if (this.#isSettled || !socket.writable) return;
        if (!socket.write(chunk as Buffer)) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } catch (error) {
      if (!this.#isSettled) this.#fail(error);
      return;
    } finally {
      socket.off('drain', onDrain);
    }
    // With a terminal the daemon takes the end of stdin for the end of the session.
    if (!this.#options.terminal) socket.end();
  }

  #onEnd(): void {
    if (this.#isSettled) return;
    this.#passOnRest();
    this.#hasEnded = true;
    this.#finishWhenWritten();
  }

  #passOnRest(): void {
    const { filter } = this.#options;
    if (filter) for (const stream of ['stdout', 'stderr'] as const) this.#write(stream, filter.rest(stream));
  }

  /** The end of the connection is not the end of the stream: an output may still fail on what it has not taken yet. */
  #finishWhenWritten(): void {
    if (this.#hasEnded && this.#unwritten === 0) this.#finish(() => this.#settle.resolve());
  }

  #onLost(reason: string): void {
    if (this.#hasEnded) return;
    this.#fail(
      new ChannelError('lost', `the connection was lost before the command's exit status (${reason})`),
    );
  }

  #fail(error: unknown): void {
    this.#finish(() => this.#settle.reject(error));
  }

  #finish(settle: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const cleanup of this.#cleanups) cleanup();
    this.#socket.destroy();
    settle();
  }
}
