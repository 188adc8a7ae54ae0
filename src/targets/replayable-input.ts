/** A user's stdin for a command that may have to be started a second time. */
import { finished, Readable } from 'node:stream';
import { type DirectInput, type InputTaker, led } from '../exec/direct-input.ts';

/** Far more than is read from a pipe before a refusal comes back, and nothing to the memory. */
const KEPT_BYTES = 1 << 20;

/** Gives the same bytes to each try at a command, as long as no try has taken more than is kept. */
export class ReplayableInput {
  readonly #source: Readable;
  /** All that was read; nothing once that is too much. */
  #kept: Buffer[] = [];
  #readBytes = 0;
  /** How the source has ended; `null`: well. */
  #end: Error | null | undefined;
  #try: Try | undefined;

  constructor(source: Readable) {
    this.#source = source;
    finished(source, { writable: false }, (error) => {
      this.#end = error ?? null;
      this.#try?.end(this.#end);
    });
  }

  /** Whether another try would get all that this one got. */
  get isWhole(): boolean {
    return this.#readBytes <= KEPT_BYTES;
  }

  /** The input from its beginning. Only while {@link isWhole}, and when the try before has ended. */
  stream(): Readable {
    const source = this.#source;
    const next: Try = new Try({
      begin: () => {
        for (const chunk of this.#kept) next.push(chunk);
        if (this.#end !== undefined) next.end(this.#end);
        else source.off('data', this.#onData).on('data', this.#onData).resume();
      },
      more: () => source.resume(),
      // What comes meanwhile stays in the source.
      stop: () => {
        if (this.#try === next) source.off('data', this.#onData).pause();
      },
      // What may be given to another try goes by what is kept.
      lead: (taker) => (this.isWhole ? undefined : led(source, taker)),
    });
    this.#try = next;
    return next;
  }

  /** Lets the source go: nobody reads it any more. */
  end(): void {
    this.#source.destroy();
  }

  readonly #onData = (data: Buffer | string): void => {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    this.#readBytes += chunk.length;
    if (this.isWhole) this.#kept.push(chunk);
    else this.#kept = [];
    if (this.#try?.push(chunk) === false) this.#source.pause();
  };
}

interface Way {
  readonly begin: () => void;
  readonly more: () => void;
  readonly stop: () => void;
  readonly lead: DirectInput['lead'];
}

/** The input as one try reads it. */
class Try extends Readable implements DirectInput {
  readonly #way: Way;
  #hasBegun = false;

  constructor(way: Way) {
    super();
    this.#way = way;
  }

  lead(taker: InputTaker): (() => void) | undefined {
    return this.#way.lead(taker);
  }

  /** The source has ended. One that has not begun finds that out when it does. */
  end(error: Error | null): void {
    if (!this.#hasBegun || this.destroyed) return;
    if (error) this.destroy(error);
    else this.push(null);
  }

  override _read(): void {
    if (this.#hasBegun) this.#way.more();
    else {
      this.#hasBegun = true;
      this.#way.begin();
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#hasBegun) this.#way.stop();
    done(error);
  }
}
