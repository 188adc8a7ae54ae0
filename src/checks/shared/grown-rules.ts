/** Rules that met packets during a run. Pure. */

/** A rule, and by how many packets its counter grew. */
export interface Grown<Rule> {
  readonly rule: Rule;
  readonly packets: number;
}

/** What grew between two snapshots of one tool; a rule that is new, or counts nothing, is left out. */
export function grown<Rule extends { readonly key: string; readonly packets: number | undefined }>(
  before: readonly Rule[],
  after: readonly Rule[],
): Grown<Rule>[] {
  const past = new Map(before.map((rule) => [rule.key, rule.packets]));
  return after.flatMap((rule) => {
    const from = past.get(rule.key);
    if (rule.packets === undefined || from === undefined || rule.packets <= from) return [];
    return [{ rule, packets: rule.packets - from }];
  });
}
