/** A logarithmic axis of times. Pure. */

export interface Scale {
  /** In percent of the width. */
  at(ms: number): number;
  /** Round values, few enough for a phone. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** So many words fit below a plot on a phone. */
const MOST_TICKS = 6;
/** Nothing is as fast as this. */
const LEAST_MS = 0.001;

/** @param values in milliseconds, at least one */
export function scaleOf(values: readonly number[]): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    low = Math.min(low, Math.max(value, LEAST_MS));
    high = Math.max(high, Math.max(value, LEAST_MS));
  }
  const round = [
    ...rounds(1, low / 2, high * 2),
    ...rounds(2, low / 2, high * 2),
    ...rounds(5, low / 2, high * 2),
  ];
  // Room on both sides, so that neither end lies on the border.
  const [from, to] = [Math.log10(low) - 0.08, Math.log10(high) + 0.08];
  const span = Math.max(to - from, 0.3);
  const at = (ms: number): number => ((Math.log10(Math.max(ms, LEAST_MS)) - from) / span) * 100;
  const inside = round.filter((ms) => at(ms) >= 0 && at(ms) <= 100).sort((a, b) => a - b);
  const decades = inside.filter((ms) => Number.isInteger(Number(Math.log10(ms).toFixed(9))));
  const chosen = inside.length <= MOST_TICKS ? inside : decades.length >= 2 ? decades : inside;
  const step = Math.ceil(chosen.length / MOST_TICKS);
  return {
    at,
    ticks: chosen.filter((_ms, i) => i % step === 0).map((ms) => ({ at: at(ms), text: timeText(ms) })),
  };
}

/** `lead` times each power of ten between two values. */
function rounds(lead: number, low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; lead * 10 ** power <= high; power++)
    if (lead * 10 ** power >= low) found.push(Number((lead * 10 ** power).toPrecision(3)));
  return found;
}

/** `20 µs`, `1.5 ms`, `3 s`. */
export function timeText(ms: number): string {
  if (ms >= 1000) return `${digits(ms / 1000)} s`;
  return ms >= 1 ? `${digits(ms)} ms` : `${digits(ms * 1000)} µs`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
