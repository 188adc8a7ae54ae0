/** A user's stdin for a command that may have to be started a second time. */
import { Readable } from 'node:stream';

/** Far more than is read from a pipe before a refusal comes back, and nothing to the memory. */
const KEPT_BYTES = 1 << 20;

/** Gives the same bytes to each try at a command, as long as no try has taken more than is kept. */
export class ReplayableInput {
  readonly #source: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  /** What is kept: all that was read, or the last chunk alone once that is too much. */
  #kept: Buffer[] = [];
  #readChunks = 0;
  #readBytes = 0;
  /** A read that a try began and perhaps did not live to see the end of: then it is the next try's first. */
  #pending: Promise<boolean> | undefined;

  constructor(source: Readable) {
    this.#source = source;
    this.#chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Whether another try would get all that this one got. */
  get isWhole(): boolean {
    return this.#readBytes <= KEPT_BYTES;
  }

  /** The input from its beginning. Only while {@link isWhole}, and when the try before has ended. */
  stream(): Readable {
    return Readable.from(this.#read(), { objectMode: false });
  }

  /** Lets the source go: nobody reads it any more. */
  end(): void {
    this.#source.destroy();
  }

  async *#read(): AsyncGenerator<Buffer> {
    for (let at = 0; ; at += 1) {
      if (at === this.#readChunks && !(await this.#readOne())) return;
      const chunk = this.#kept[at - (this.#readChunks - this.#kept.length)];
      if (chunk) yield chunk;
    }
  }

  /** Reads one chunk more; false at the end, for each try that asks. */
  #readOne(): Promise<boolean> {
    this.#pending ??= this.#chunks.next().then(({ done, value }) => {
      if (done) return false;
      this.#pending = undefined;
      this.#readChunks += 1;
      this.#readBytes += value.length;
      if (this.isWhole) this.#kept.push(value);
      else this.#kept = [value];
      return true;
    });
    return this.#pending;
  }
}
