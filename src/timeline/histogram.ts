/** Round trips in buckets, so that a watch of any length takes the same memory. Pure. */
import type { WatchedDestination, WatchRtt } from '../model/watch.ts';

/** Each bucket ends 5 % above the one before: closer than a quantile of a network is ever repeated. */
const GROWTH = 1.05;
/** What is shorter, in ms, is in the first bucket: no clock of a probe tells more. */
const LEAST_MS = 0.001;

export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  add(ms: number): void {
    const at = Math.max(0, Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(GROWTH)));
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.#count++;
    this.#sum += ms;
    this.#min = Math.min(this.#min, ms);
    this.#max = Math.max(this.#max, ms);
  }

  /** In ms. */
  get sum(): number {
    return rounded(this.#sum);
  }

  /** `undefined`: there is none. */
  get rtt(): WatchRtt | undefined {
    if (this.#count === 0) return undefined;
    const at = (share: number): number => this.#quantile(share);
    return { min: rounded(this.#min), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: rounded(this.#max) };
  }

  /** As {@link WatchedDestination.histogram} has it. */
  get buckets(): WatchedDestination['histogram'] {
    let count = 0;
    return this.#sorted().map(([at, own]) => {
      count += own;
      return { le: rounded(end(at)), count };
    });
  }

  #quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let count = 0;
    for (const [at, own] of this.#sorted()) {
      count += own;
      if (count >= wanted) return rounded(Math.min(this.#max, Math.max(this.#min, end(at))));
    }
    return rounded(this.#max);
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

function end(at: number): number {
  return LEAST_MS * GROWTH ** at;
}

/** To microseconds. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
