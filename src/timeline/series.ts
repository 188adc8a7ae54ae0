/** One destination's probes in steps of equal length, for a plot. Pure. */
import type { WatchStep } from '../model/watch.ts';
import { quantile, sorted } from '../statistics/quantile.ts';
import { rounded } from './histogram.ts';

/** No plot shows more on a screen. */
export const MOST_STEPS = 600;

/** Steps of a watch that may last so long, in ms. */
export function stepFor(forMs: number, intervalMs: number): number {
  return Math.max(intervalMs, 1000, Math.ceil(forMs / MOST_STEPS / 1000) * 1000);
}

export class Series {
  readonly #steps: WatchStep[] = [];
  readonly #stepMs: number;
  #rtts: number[] = [];
  #sent = 0;
  #missed = 0;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** @param sinceMs from the beginning on; what comes late, or after the last step, is of the nearest one */
  add(sinceMs: number, sent: number, missed: number, rtts: readonly number[]): void {
    this.#advance(sinceMs);
    this.#sent += sent;
    this.#missed += missed;
    this.#rtts.push(...rtts);
  }

  /** All of them up to a moment. */
  until(sinceMs: number): readonly WatchStep[] {
    this.#advance(sinceMs);
    const now = this.#current();
    return now.sent === 0 && this.#steps.length > 0 ? [...this.#steps] : [...this.#steps, now];
  }

  #advance(sinceMs: number): void {
    const at = Math.min(MOST_STEPS - 1, Math.floor(Math.max(0, sinceMs) / this.#stepMs));
    while (this.#steps.length < at) {
      this.#steps.push(this.#current());
      this.#rtts = [];
      this.#sent = 0;
      this.#missed = 0;
    }
  }

  #current(): WatchStep {
    const all = sorted(this.#rtts);
    const [min] = all;
    const counts = { sent: this.#sent, missed: this.#missed };
    if (min === undefined) return counts;
    const max = all.at(-1) ?? min;
    return { ...counts, min: rounded(min), median: rounded(quantile(all, 0.5)), max: rounded(max) };
  }
}
