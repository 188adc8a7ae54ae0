/** What a diagnosis looks at, in the order in which causes lie: the link first, then what stands on it. Pure. */
import type { CheckAbout } from '../model/check-about.ts';

/**
 * The checks of a diagnosis, each after those that it names; where that leaves a choice, by id.
 * @throws {Error} two of them wait for each other, or one for a check that there is not
 */
export function diagnosisOrder(abouts: readonly Pick<CheckAbout, 'id' | 'diagnosis'>[]): string[] {
  const waiting = new Map(
    abouts.flatMap(({ id, diagnosis }) => (diagnosis === undefined ? [] : [[id, diagnosis.after]])),
  );
  const order: string[] = [];
  while (waiting.size > 0) {
    const free = [...waiting].filter(([, after]) => after.every((id) => order.includes(id)));
    const [next] = free.map(([id]) => id).sort();
    if (next === undefined) throw new Error(`no order of ${[...waiting.keys()].join(', ')}`);
    order.push(next);
    waiting.delete(next);
  }
  return order;
}
