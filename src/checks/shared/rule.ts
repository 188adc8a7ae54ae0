/** A rule: a finding's metadata and the pure, synchronous judgement that raises it. */
import type { Advice } from '../../model/advice.ts';
import type { FindingMeta, FindingPrefix, Occurrence } from '../../model/finding.ts';
import type { Quote, Severity } from '../../model/report.ts';

/** `judge` sees the facts of one run and nothing else: no clock, no input or output. */
export interface Rule<Facts> {
  readonly meta: FindingMeta;
  judge(facts: Facts): readonly Occurrence[];
}

/** What one occurrence of a finding adds to its metadata. */
interface OccurrenceDetails {
  /** The label of the destination that it is about; absent when it is about the target itself. */
  readonly subject?: string;
  /** What it is called at this kind of target, in place of the general title. */
  readonly title?: string;
  /** A remedy for just this case, in place of the general one. */
  readonly remediation?: Advice;
  /** Labels of destinations that it explains nothing of; absent: it is on the way to all of them. */
  readonly spares?: readonly string[];
  /** What of the same destination is one case of it. */
  readonly covers?: readonly FindingPrefix[];
}

/** One occurrence of a finding. */
export function occurrence(
  meta: FindingMeta,
  severity: Severity,
  summary: string,
  evidence: readonly Quote[],
  details: OccurrenceDetails = {},
): Occurrence {
  return {
    id: meta.id,
    severity,
    title: details.title ?? meta.title,
    summary,
    evidence,
    remediation: details.remediation ?? meta.remedy,
    ...(details.subject === undefined ? {} : { subject: details.subject }),
    ...(details.spares === undefined || details.spares.length === 0 ? {} : { spares: details.spares }),
    ...(details.covers === undefined ? {} : { covers: details.covers }),
  };
}
