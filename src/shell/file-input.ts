/** A file as stdin, which can be read past its stream. */
import { read } from 'node:fs';
import { Readable } from 'node:stream';
import type { DirectInput, InputTaker } from '../exec/direct-input.ts';

/** A read goes by way of another thread, which takes as long as to read half of this. */
const READ_BYTES = 128 * 1024;

/** Reads from where the descriptor stands, and leaves it where it has read to. */
export class FileInput extends Readable implements DirectInput {
  readonly #fd: number;
  readonly #memory = Buffer.allocUnsafeSlow(READ_BYTES);
  #taker: InputTaker | undefined;
  #isReading = false;

  constructor(fd: number) {
    super({ highWaterMark: READ_BYTES });
    this.#fd = fd;
  }

  lead(taker: InputTaker): () => void {
    this.#taker = taker;
    return () => this.#readOn();
  }

  override _read(): void {
    if (this.#taker === undefined) this.#readOn();
  }

  #readOn(): void {
    if (this.#isReading || this.destroyed) return;
    this.#isReading = true;
    const memory = this.#memory;
    // Not synchronously: a file may lie on a server that does not answer.
    read(this.#fd, memory, 0, memory.length, null, (error, size) => {
      this.#isReading = false;
      if (this.destroyed) return;
      if (error) this.destroy(error);
      else if (size === 0) this.push(null);
      else this.#onBytes(memory.subarray(0, size));
    });
  }

  #onBytes(bytes: Uint8Array): void {
    // A stream asks by itself for more.
    if (this.#taker === undefined) this.push(Buffer.from(bytes));
    else if (this.#taker(bytes)) this.#readOn();
  }
}
