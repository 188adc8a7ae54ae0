/** The time since some moment in the past, in ms: performance.now(), which takes Node half a millisecond to load. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
