/** The reports of many targets as one. Pure. */
import type { Report, Verdict } from '../model/report.ts';
import type { FailedTarget, ReportList } from '../model/report-list.ts';
import { groupFindings } from './groups.ts';

/** What a list is made of; both lists are in the order of the targets. */
export interface ListParts {
  readonly tool: { readonly version: string };
  readonly startedAt: string;
  readonly durationMs: number;
  readonly items: readonly Report[];
  readonly failed: readonly FailedTarget[];
}

export function reportList({ tool, startedAt, durationMs, items, failed }: ListParts): ReportList {
  return {
    apiVersion: 'nettools/v1',
    kind: 'ReportList',
    tool,
    startedAt,
    durationMs,
    verdict: verdictOf(items, failed),
    groups: groupFindings(items),
    items,
    failed,
  };
}

/** The worst that was seen, and never `pass` where something could not be measured. */
function verdictOf(items: readonly Report[], failed: readonly FailedTarget[]): Verdict {
  const has = (verdict: Verdict): boolean => items.some((report) => report.verdict === verdict);
  if (has('fail')) return 'fail';
  if (has('warn')) return 'warn';
  return failed.length > 0 || items.length === 0 || has('unknown') ? 'unknown' : 'pass';
}
