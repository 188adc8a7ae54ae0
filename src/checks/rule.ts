/** A rule: a finding's metadata and the pure, synchronous judgement that raises it. */
import type { FindingMeta } from '../model/finding.ts';
import type { Finding, Quote, Severity } from '../model/report.ts';

/** `judge` sees the facts of one run and nothing else: no clock, no input or output. */
export interface Rule<Facts> {
  readonly meta: FindingMeta;
  judge(facts: Facts): readonly Finding[];
}

/** One occurrence of a finding. */
export function occurrence(
  meta: FindingMeta,
  severity: Severity,
  summary: string,
  evidence: readonly Quote[],
  remediation: string = meta.remedy,
): Finding {
  return { id: meta.id, severity, title: meta.title, summary, evidence, remediation };
}
