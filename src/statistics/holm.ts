/** Many tests at once: Holm's correction (1979), so that of a hundred equal things none differs by chance. Pure. */

/** The p of each, as large as it has to be for so many of them. In the given order. */
export function holm(all: readonly number[]): number[] {
  const order = all.map((_p, at) => at).sort((a, b) => (all[a] as number) - (all[b] as number));
  const adjusted = new Array<number>(all.length).fill(1);
  let most = 0;
  for (const [rank, at] of order.entries()) {
    most = Math.max(most, Math.min(1, (all[at] as number) * (all.length - rank)));
    adjusted[at] = most;
  }
  return adjusted;
}
