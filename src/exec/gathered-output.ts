/**
 * Output on its way to a pipe or a file: what comes in one turn of the event loop is put together and written at once. A system call
 * for each TLS record, a stream's way to it and the reader that it wakes take several times as long as this copy.
 */
import type { Writable } from 'node:stream';
import { writtenNow } from './write-now.ts';

/** As much as an empty pipe takes at once (pipe(7)). */
const BATCH_BYTES = 64 * 1024;
/** What is less waits for a slow reader in memory of its own size: thousands of lines would hold a batch each. */
const LARGE_BYTES = BATCH_BYTES / 4;

/** Writes by the stream what could not be written at once; calls `done` when the bytes may be overwritten. */
type WriteLater = (bytes: Buffer, done: () => void) => void;

/** See above. */
export class GatheredOutput {
  readonly #output: Writable;
  readonly #later: WriteLater;
  /** Buffers that a stream has written. */
  readonly #free: Buffer[] = [];
  #batch: Buffer | undefined;
  #size = 0;
  #isDue = false;

  constructor(output: Writable, later: WriteLater) {
    this.#output = output;
    this.#later = later;
  }

  /** Takes the next bytes, which may be overwritten when this returns. */
  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      this.#batch ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
      const part = bytes.subarray(at, at + BATCH_BYTES - this.#size);
      this.#batch.set(part, this.#size);
      this.#size += part.length;
      at += part.length;
      if (this.#size === BATCH_BYTES) this.flush();
    }
    if (this.#size === 0 || this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  /** Writes what waits, or gives it to the stream. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined || this.#size === 0) return;
    const bytes = batch.subarray(0, this.#size);
    this.#size = 0;
    const now = writtenNow(this.#output, bytes);
    if (now === bytes.length) return;
    const rest = bytes.subarray(now);
    if (rest.length < LARGE_BYTES) {
      this.#later(Buffer.from(rest), () => undefined);
      return;
    }
    this.#batch = undefined;
    this.#later(rest, () => this.#free.push(batch));
  }
}
