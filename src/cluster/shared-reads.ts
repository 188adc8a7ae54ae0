/** What several targets of one run ask of the cluster is sent once for all of them. */
import type { Reading } from '../model/cluster-view.ts';
import { readingOf } from './reading.ts';
import { QUESTIONS_AT_ONCE, Turns } from './turns.ts';

/** An answer that is older is asked for again: a run over a large cluster lasts minutes. */
const FRESH_MS = 30_000;

export class SharedReads {
  readonly #signal: AbortSignal;
  readonly #turns = new Turns(QUESTIONS_AT_ONCE);
  readonly #known = new Map<string, { readonly at: number; readonly reading: Promise<Reading<unknown>> }>();

  /** @param signal of the run: a target whose own time is up ends no question that others wait for */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @param what the user may not read, where the server says so */
  read<T>(key: string, what: string, send: (signal: AbortSignal) => Promise<T>): Promise<Reading<T>> {
    const now = performance.now();
    // Whole lists of pods: none is kept for longer than it is of use.
    for (const [old, { at }] of this.#known) if (now - at > FRESH_MS) this.#known.delete(old);
    const known = this.#known.get(key);
    if (known !== undefined) return known.reading as Promise<Reading<T>>;
    const reading = readingOf(
      what,
      this.#turns.take(() => send(this.#signal)),
      this.#signal,
    );
    const mine = { at: now, reading };
    this.#known.set(key, mine);
    // What has failed for one target may be answered for the next.
    const forget = (): void => {
      if (this.#known.get(key) === mine) this.#known.delete(key);
    };
    reading.then(({ failed }) => (failed === undefined ? undefined : forget()), forget);
    return reading;
  }
}
