/** Whether two shares differ: Fisher's exact test (1922), two-sided. It holds for counts as small as those of lost probes. Pure. */

/** So many of all tries. */
export interface Proportion {
  readonly lost: number;
  readonly tries: number;
}

/** Tables that are as likely as the one that was seen, but for the last digits. */
const SAME = 1 + 1e-7;

/** How likely so large a difference is by chance alone: the sum of all tables that are not likelier than this one. */
export function fisher(before: Proportion, after: Proportion): number {
  const total = before.tries + after.tries;
  const lost = before.lost + after.lost;
  const logs = logFactorials(total);
  const choose = (n: number, k: number): number => (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0);
  const likelihood = (lostBefore: number): number =>
    Math.exp(choose(before.tries, lostBefore) + choose(after.tries, lost - lostBefore) - choose(total, lost));
  const seen = likelihood(before.lost);
  let p = 0;
  for (let k = Math.max(0, lost - after.tries); k <= Math.min(lost, before.tries); k++) {
    const one = likelihood(k);
    if (one <= seen * SAME) p += one;
  }
  return Math.min(1, p);
}

function logFactorials(most: number): Float64Array {
  const logs = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) logs[n] = (logs[n - 1] ?? 0) + Math.log(n);
  return logs;
}
