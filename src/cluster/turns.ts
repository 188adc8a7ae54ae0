/** Bounded concurrency for work that comes piece by piece. */

/**
 * Questions on their way at the same time. Each has a connection of its own, which costs 0.1 MB here (TLS, buffers) and a
 * handshake on both sides: of a thousand destinations two thousand are asked.
 */
export const QUESTIONS_AT_ONCE = 8;

/** Lets so many pieces of work run at the same time; the others wait, and start in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Resolves or rejects as the work does. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The turn passes on to the next without being free in between, so that nobody who comes now is before it.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
