/** What a check measured, as a table; each check has a renderer of its own, or none. */
import type { CheckResult } from '../model/report.ts';
import { latencyTable } from './latency-table.ts';
import type { Palette } from './text.ts';

const RENDERERS: Readonly<Record<string, (check: CheckResult, paint: Palette) => string | undefined>> = {
  latency: latencyTable,
};

/** `undefined`: there is nothing to show beyond the summary. */
export function renderMeasurements(check: CheckResult, paint: Palette): string | undefined {
  return RENDERERS[check.id]?.(check, paint);
}
