/** The user's terminal: raw while a remote shell has it, and whole again whatever happens. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { Transform } from 'node:stream';
import type { Size } from '../channels/channel.ts';

/**
 * Undoes what a remote program may have switched on and had no time to switch off: bracketed paste, reports of the mouse
 * and of the focus, cursor and keypad keys of an application, the alternate screen, a hidden cursor, colours (xterm
 * control sequences).
 */
const RESET =
  '\u001b[?2004l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1006l\u001b[?1l\u001b>\u001b[?1047l\u001b[?25h\u001b[0m';

/** Puts the terminal into raw mode and returns how to restore it; restoring twice does nothing. */
export function rawTerminal(): (clean: boolean) => void {
  const { stdin, stdout } = process;
  let restored = false;
  const restore = (clean: boolean): void => {
    if (restored) return;
    restored = true;
    process.off('exit', onExit);
    stdin.setRawMode(false);
    stdin.pause();
    if (!clean && stdout.isTTY) stdout.write(`${RESET}\r\n`);
  };
  // The last resort: an exit on a path that nobody thought of.
  const onExit = (): void => restore(false);
  process.on('exit', onExit);
  stdin.setRawMode(true);
  return restore;
}

/**
 * Remembers the mode of the terminal before a program of this machine gets it. Returns how to put it back after one
 * that had no time to do so itself.
 */
export function terminalLentOut(): () => void {
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
 * Passes bytes on and watches for a sequence that leaves the session. A beginning of the sequence is held back until
 * it is known whether the rest follows, so that the keys that detach are never sent.
 */
export class DetachFilter extends Transform {
  readonly #keys: readonly number[];
  readonly #onDetach: () => void;
  /** Typed and not yet passed on: the beginning of the sequence, as far as it has come. */
  readonly #held: number[] = [];
  #detached = false;

  constructor(keys: readonly number[], onDetach: () => void) {
    super();
    this.#keys = keys;
    this.#onDetach = onDetach;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#detached) {
      done();
      return;
    }
    if (this.#keys.length === 0) {
      this.push(chunk);
      done();
      return;
    }
    const out: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      // A sequence may begin again within itself (a,a,b typed as aaab): only what can no longer belong to it goes on.
      while (this.#held.some((held, i) => held !== this.#keys[i])) out.push(...this.#held.splice(0, 1));
      if (this.#held.length < this.#keys.length) continue;
      if (out.length > 0) this.push(Buffer.from(out));
      this.#detached = true;
      this.#onDetach();
      done();
      return;
    }
    if (out.length > 0) this.push(Buffer.from(out));
    done();
  }

  override _flush(done: () => void): void {
    if (!this.#detached && this.#held.length > 0) this.push(Buffer.from(this.#held));
    done();
  }
}
