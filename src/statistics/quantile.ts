/** Order statistics. Pure. */

/**
 * Nearest-rank: a value that was really seen.
 * @param sorted from the smallest on, at least one
 * @param share 0 to 1
 */
export function quantile(sorted: readonly number[], share: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[at] ?? Number.NaN;
}

/** From the smallest to the largest. */
export function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
