/** The user's terminal: raw while a remote shell has it, and whole again whatever happens. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import type { SocketConstructorOpts } from 'node:net';
import { Readable } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { Size } from '../channels/channel.ts';

/**
 * Undoes what a remote program may have switched on and had no time to switch off: bracketed paste, reports of the mouse
 * and of the focus, cursor and keypad keys of an application, the alternate screen, a hidden cursor, colours (xterm
 * control sequences).
 */
const RESET =
  '\u001b[?2004l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1006l\u001b[?1l\u001b>\u001b[?1047l\u001b[?25h\u001b[0m';

/**
 * There a console has one mode, but each of its readers has its own of reading (libuv's src/win/tty.c): one that is not raw itself
 * reads lines, and stops by an Enter that it puts into the console's input and by throwing away what it has read.
 */
const IS_WINDOWS = process.platform === 'win32';

/** What is read of the terminal at once, in bytes. */
const READ_BYTES = 16 * 1024;

/**
 * Puts the terminal into raw mode and passes on what is typed. Returns how to restore it; restoring twice does nothing.
 * process.stdin would do, but that a key has its whole way through a stream before it, as long as a quarter of Node's share of an echo.
 */
export function rawTerminal(keys: DetachFilter): (clean: boolean) => void {
  const { stdin, stdout } = process;
  const memory = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (size: number): boolean => keys.type(memory.subarray(0, size));
  // Its options are those of a Socket, which the types leave out.
  const typed = new ReadStream(0, { onread: { buffer: memory, callback } } as SocketConstructorOpts);
  typed.on('end', () => keys.end());
  typed.on('error', (error) => keys.destroy(error));
  keys.onWanted = () => typed.resume();
  let restored = false;
  const restore = (clean: boolean): void => {
    if (restored) return;
    restored = true;
    process.off('exit', onExit);
    keys.onWanted = () => undefined;
    typed.pause();
    if (IS_WINDOWS) typed.setRawMode(false);
    // A terminal that has been closed has no mode any more: what ends the run is another error.
    stdin.once('error', () => undefined);
    stdin.setRawMode(false);
    if (!clean && stdout.isTTY) stdout.write(`${RESET}\r\n`);
  };
  // The last resort: an exit on a path that nobody thought of.
  const onExit = (): void => restore(false);
  process.on('exit', onExit);
  // By process.stdin, whose isRaw tells others that the terminal is not theirs.
  stdin.setRawMode(true);
  if (IS_WINDOWS) typed.setRawMode(true);
  typed.resume();
  return restore;
}

/**
 * Remembers the mode of the terminal before a program of this machine gets it. Returns how to put it back after one
 * that had no time to do so itself.
 */
export function saveTerminalMode(): () => void {
  const inherit: SpawnSyncOptions = { stdio: ['inherit', 'pipe', 'ignore'] };
  const mode = spawnSync('stty', ['-g'], inherit).stdout?.toString().trim() ?? '';
  return () => {
    // The program may have left another process group in the foreground, and stty would be stopped for not being in it.
    if (mode !== '') spawnSync('sh', ['-c', 'trap "" TTOU; stty "$1"', 'stty', mode], inherit);
    if (process.stdout.isTTY) process.stdout.write(`${RESET}\r\n`);
  };
}

/** Tells the size of the terminal now and whenever it changes. */
export function onTerminalResize(send: (size: Size) => void): () => void {
  const { stdout } = process;
  const tell = (): void => {
    if (stdout.columns > 0 && stdout.rows > 0) send({ columns: stdout.columns, rows: stdout.rows });
  };
  tell();
  stdout.on('resize', tell);
  return () => stdout.off('resize', tell);
}

/**
 * What was typed, but for a sequence that leaves the session. A beginning of the sequence is held back until it is known whether
 * the rest follows, so that the keys that detach are never sent.
 */
export class DetachFilter extends Readable {
  readonly #keys: readonly number[];
  readonly #onDetach: () => void;
  /** Typed and not yet passed on: the beginning of the sequence, as far as it has come. */
  readonly #held: number[] = [];
  #detached = false;
  /** Told that more may be typed, also where {@link type} has not said that it is enough. */
  onWanted: () => void = () => undefined;

  constructor(keys: readonly number[], onDetach: () => void) {
    super();
    this.#keys = keys;
    this.#onDetach = onDetach;
  }

  override _read(): void {
    this.onWanted();
  }

  /** Takes what was typed, which is another's when this returns; false: that is enough for now. */
  type(chunk: Uint8Array): boolean {
    if (this.#detached) return true;
    if (this.#keys.length === 0) return this.push(Buffer.from(chunk));
    const out: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      // A sequence may begin again within itself (a,a,b typed as aaab): only what can no longer belong to it goes on.
      while (this.#held.some((held, i) => held !== this.#keys[i])) out.push(...this.#held.splice(0, 1));
      if (this.#held.length < this.#keys.length) continue;
      this.#detached = true;
      break;
    }
    const isWanted = out.length === 0 || this.push(Buffer.from(out));
    if (this.#detached) this.#onDetach();
    return isWanted;
  }

  /** Nothing more is typed. */
  end(): void {
    if (!this.#detached && this.#held.length > 0) this.push(Buffer.from(this.#held));
    this.push(null);
  }
}
