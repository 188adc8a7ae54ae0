/** What checks measured, as tables. Pure. */
import type { Check } from '../model/check.ts';
import type { CheckResult } from '../model/report.ts';
import type { Table } from '../model/table.ts';
import { CHECKS } from './registry.ts';

/** Those that have rows; none where a check's summary says all that it measured. */
export function tablesOf({ id, measurements }: CheckResult): readonly Table[] {
  const check = (CHECKS as Readonly<Record<string, Check<never>>>)[id];
  return (check?.tables?.(measurements) ?? []).filter(({ rows }) => rows.length > 0);
}
