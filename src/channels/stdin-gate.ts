/** A command's stdin on its way to a far side that has to be told before more of it comes than its pipes hold. */
import { finished, Readable } from 'node:stream';
import { type DirectInput, type InputTaker, led } from '../exec/direct-input.ts';

/**
 * So much is taken by the pipe between the runtime and a command that reads nothing (pipe(7): 64 KiB), and is on its way
 * in one piece, so that a command that ends at once finds it taken or never sent.
 */
const FREE_BYTES = 16_384;

/** Passes a stream on; what is more than a little waits until the far side knows that it comes. */
export class StdinGate extends Readable implements DirectInput {
  readonly #source: Readable;
  readonly #announce: () => Promise<void>;
  #hasBegun = false;
  #isReleased = false;
  #passed = 0;
  #announced: 'not yet' | 'under way' | 'done' = 'not yet';
  #hasEnded = false;

  /** @param announce called once, and only when more comes; never rejects */
  constructor(source: Readable, announce: () => Promise<void>) {
    super();
    this.#source = source;
    this.#announce = announce;
  }

  lead(taker: InputTaker): (() => void) | undefined {
    return this.#announced === 'done' && !this.#isReleased ? led(this.#source, taker) : undefined;
  }

  /** Nothing is taken before somebody reads: a command that is refused may be tried again with the same source. */
  override _read(): void {
    if (this.#hasBegun) {
      if (this.#announced !== 'under way' && !this.#isReleased) this.#source.resume();
      return;
    }
    this.#hasBegun = true;
    finished(this.#source, { writable: false }, (error) => {
      if (this.#isReleased) return;
      this.#hasEnded = true;
      if (error) this.destroy(error);
      else if (this.#announced !== 'under way') this.push(null);
    });
    this.#source.on('data', this.#onData);
  }

  /** Ends the stream as if its source had ended; what waits is dropped. */
  stop(): void {
    if (this.#isReleased) return;
    this.#release();
    this.push(null);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release();
    done(error);
  }

  readonly #onData = (data: Buffer | string): void => {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    this.#passed += chunk.length;
    if (this.#announced === 'done' || this.#passed <= FREE_BYTES) {
      if (!this.push(chunk)) this.#source.pause();
      return;
    }
    this.#source.pause();
    this.#announced = 'under way';
    void this.#announce().then(() => {
      this.#announced = 'done';
      if (this.#isReleased) return;
      const isWanted = this.push(chunk);
      if (this.#hasEnded) this.push(null);
      else if (isWanted) this.#source.resume();
    });
  };

  /** A read that waits must not keep the process alive or eat the terminal's next line. */
  #release(): void {
    this.#isReleased = true;
    this.#source.off('data', this.#onData).pause();
    this.#source.destroy();
  }
}
