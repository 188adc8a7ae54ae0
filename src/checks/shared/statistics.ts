/** Descriptive statistics of a series of times. Pure. */

/** The smallest; `undefined` of none. Math.min(...values) would need as much stack as there are values. */
export function least(values: Iterable<number>): number | undefined {
  let found: number | undefined;
  for (const value of values) if (found === undefined || value < found) found = value;
  return found;
}

/** The largest; `undefined` of none. */
export function most(values: Iterable<number>): number | undefined {
  let found: number | undefined;
  for (const value of values) if (found === undefined || value > found) found = value;
  return found;
}

/** All in the unit of the series. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Mean difference between neighbours in time, as RFC 3550 (6.4.1) means jitter, without its smoothing. */
  readonly jitter: number;
}

/** `undefined` for an empty series. Percentiles are nearest-rank: a value that was really seen. */
export function distribution(series: readonly number[]): Distribution | undefined {
  const sorted = [...series].sort((a, b) => a - b);
  const first = sorted[0];
  if (first === undefined) return undefined;
  const rank = (p: number): number => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? first;
  let change = 0;
  for (let i = 1; i < series.length; i++) change += Math.abs((series[i] ?? 0) - (series[i - 1] ?? 0));
  return {
    count: sorted.length,
    min: first,
    median: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
    jitter: series.length > 1 ? change / (series.length - 1) : 0,
  };
}

/** A small histogram: how many values fall into each of `bins` ranges, evenly spaced on a logarithmic scale. */
export function histogram(series: readonly number[], from: number, to: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const low = Math.log(Math.max(from, 1e-6));
  const span = Math.log(Math.max(to, 1e-6)) - low;
  for (const value of series) {
    const at = span <= 0 ? 0 : Math.floor(((Math.log(Math.max(value, 1e-6)) - low) / span) * bins);
    const bin = Math.min(bins - 1, Math.max(0, at));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
