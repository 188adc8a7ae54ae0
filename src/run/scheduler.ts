/** Bounded concurrency. */

/** Does all of the work, at most `atOnce` at a time, in the order of the items. What `work` throws ends nothing else. */
export async function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index);
  };
  const workers = Array.from({ length: Math.max(1, Math.min(atOnce, items.length)) }, worker);
  const ended = await Promise.allSettled(workers);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
