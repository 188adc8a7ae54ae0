/** A way to run commands in a target's network namespace, whatever the target is. */
import type { Readable, Writable } from 'node:stream';

/** A terminal's size in character cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** How a command's streams are connected. */
export interface RunOptions {
  /** The user's stdin, passed on to its end. `undefined`: the command gets an empty stdin. */
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  /** Ignored with a terminal, which has one output. */
  readonly stderr?: Writable | undefined;
  readonly terminal?: TerminalOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told once, when the command has been accepted. */
  readonly onOpen?: (() => void) | undefined;
}

/** A remote pseudo-terminal. */
export interface TerminalOptions {
  /** `TERM` for the remote side; `undefined` leaves its own. */
  readonly type: string | undefined;
  /** Calls back with the size, at once and on each change; returns how to stop. */
  readonly onResize: (send: (size: Size) => void) => () => void;
}

/** One target's channel. */
export interface Channel {
  /**
   * True where a command with a terminal gets this process's own one, keys, size and all: of its options only
   * `terminal.type` and `signal` count then, and nothing else may read the terminal or change its mode meanwhile.
   */
  readonly inheritsTerminal?: boolean;
  /**
   * Runs a command and returns its exit code. When the client is lost or the signal aborts, the remote command and
   * all that it started ends within seconds.
   * @throws {ChannelError} the command could not be run or its exit code is not known
   * @throws the signal's reason when aborted
   */
  run(argv: readonly string[], options: RunOptions): Promise<number>;
  /**
   * Runs a command that reads `input`, whole lines of text, and returns its exit code; its life is tied to this exec
   * alone, so no second stream is opened.
   */
  runWithInput(
    argv: readonly string[],
    input: string,
    options: Omit<RunOptions, 'stdin' | 'terminal'>,
  ): Promise<number>;
}

/** The command could not be run, or what became of it is not known; `message` is one sentence. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  /**
   * `refused`: nothing ran. `lost`: the connection broke, or the command's end was not seen. `failed`: the far side could
   * not start or await it.
   */
  readonly kind: 'refused' | 'lost' | 'failed';
  /** The HTTP status of a refusal. */
  readonly status: number | undefined;
  constructor(
    kind: ChannelError['kind'],
    message: string,
    options: { status?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.status = options.status;
  }
}
