/**
 * Whether two series of numbers come from the same distribution: the Mann–Whitney U test (Mann and Whitney 1947), two-sided.
 * It asks for no shape of the distributions, which those of round trips have not. Pure.
 */
import { quantile, sorted } from './quantile.ts';

export interface RankTest {
  /** Pairs in which the second series is the larger, ties half. */
  readonly u: number;
  /** How likely so large a difference is by chance alone. */
  readonly p: number;
  /** The share of pairs in which the second is the larger, ties half: 0.5 of series that do not differ. */
  readonly superiority: number;
  /** The Hodges–Lehmann estimate: the median of all differences between a value of the second and one of the first. */
  readonly shift: number;
}

/** Up to so many values together p is exact, ties included; above, the normal approximation is as good. */
const MOST_EXACT = 40;
/** Of a longer series so many quantiles stand for it where all differences are formed. */
const MOST_PAIRED = 400;

/** @param before at least one, as is `after` */
export function mannWhitney(before: readonly number[], after: readonly number[]): RankTest {
  const [m, n] = [before.length, after.length];
  const { ranks, ties } = midranks([...before, ...after]);
  const sum = ranks.slice(m).reduce((a, b) => a + b, 0);
  const u = sum - (n * (n + 1)) / 2;
  const p = m + n <= MOST_EXACT ? exactP(ranks, n, sum) : approximateP(u, m, n, ties);
  return { u, p, superiority: u / (m * n), shift: hodgesLehmann(before, after) };
}

/** Ranks from 1 on, the same for equal values; `ties` is the sum of t³ - t over groups of t equal values. */
function midranks(values: readonly number[]): { readonly ranks: number[]; readonly ties: number } {
  const order = values.map((_value, at) => at).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length).fill(0);
  let ties = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (const at of order.slice(from, to)) ranks[at] = (from + to + 1) / 2;
    const t = to - from;
    ties += t ** 3 - t;
    from = to;
  }
  return { ranks, ties };
}

/** Of all ways to choose `n` of the ranks, the share whose sum is as far from the expected one as this. */
function exactP(ranks: readonly number[], n: number, sum: number): number {
  // Twice the midranks are whole numbers.
  const doubled = ranks.map((rank) => Math.round(rank * 2));
  const most = doubled.reduce((a, b) => a + b, 0);
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(most + 1));
  (ways[0] as Float64Array)[0] = 1;
  for (const [seen, rank] of doubled.entries())
    for (let count = Math.min(n, seen + 1); count >= 1; count--) {
      const [to, from] = [ways[count] as Float64Array, ways[count - 1] as Float64Array];
      for (let total = most; total >= rank; total--) to[total] = (to[total] ?? 0) + (from[total - rank] ?? 0);
    }
  const expected = (most * n) / ranks.length;
  const distance = Math.abs(sum * 2 - expected);
  let [all, far] = [0, 0];
  for (const [total, count] of (ways[n] as Float64Array).entries()) {
    all += count;
    if (Math.abs(total - expected) >= distance - 1e-9) far += count;
  }
  return far / all;
}

/** With corrections for ties and for continuity. */
function approximateP(u: number, m: number, n: number, ties: number): number {
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  // All values are the same one.
  if (variance <= 0) return 1;
  const z = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance);
  return Math.min(1, 2 * upperTail(z));
}

/**
 * The share of the standard normal distribution above z, for z ≥ 0. Abramowitz and Stegun 26.2.17 is good to 7.5e-8; far
 * out, where p is smaller than that, its continued fraction 26.2.14 takes over.
 */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
    return density / fraction;
  }
  const t = 1 / (1 + 0.2316419 * z);
  const weights = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  return density * weights.reduceRight((sum, weight) => (sum + weight) * t, 0);
}

function hodgesLehmann(before: readonly number[], after: readonly number[]): number {
  const [a, b] = [representatives(before), representatives(after)];
  const differences = sorted(a.flatMap((x) => b.map((y) => y - x)));
  const half = differences.length / 2;
  const [low = 0, high = 0] = [differences[Math.ceil(half) - 1], differences[Math.floor(half)]];
  return (low + high) / 2;
}

function representatives(series: readonly number[]): readonly number[] {
  if (series.length <= MOST_PAIRED) return series;
  const all = sorted(series);
  return Array.from({ length: MOST_PAIRED }, (_, i) => quantile(all, (i + 0.5) / MOST_PAIRED));
}
