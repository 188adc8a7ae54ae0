/** The numbers of checks, and the ways that they followed, as data. Pure. */
import type { Check } from '../model/check.ts';
import type { Measure } from '../model/measure.ts';
import type { CheckResult } from '../model/report.ts';
import type { Way } from '../model/way.ts';
import { CHECKS } from './registry.ts';

type Known = Readonly<Record<string, Check<never>>>;

export function measuresOf({ id, measurements }: CheckResult): readonly Measure[] {
  return (CHECKS as Known)[id]?.measures?.(measurements) ?? [];
}

/** Those that pass at least one place. */
export function waysOf({ id, measurements }: CheckResult): readonly Way[] {
  return ((CHECKS as Known)[id]?.ways?.(measurements) ?? []).filter(({ places }) => places.length > 0);
}
