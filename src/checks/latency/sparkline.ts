/** A histogram that fits into a cell. Pure. */

const BARS = ' ▁▂▃▄▅▆▇█';

/** Counts as a row of bars: the highest is full, and whatever is not zero can be seen. */
export function sparkline(counts: readonly number[]): string {
  const top = counts.reduce((a, b) => Math.max(a, b), 0);
  if (top === 0) return '';
  return counts.map((count) => BARS[count === 0 ? 0 : Math.max(1, Math.round((count / top) * 8))]).join('');
}
