/** What is known about a finding besides one occurrence of it: its page in the docs, and what `explain` prints. */
import type { Severity } from './report.ts';

/** A finding's metadata. */
export interface FindingMeta {
  /** `NT-CLASS-NNN`; stable. */
  readonly id: string;
  readonly title: string;
  /** The severities that it can have, by what decides. */
  readonly severities: readonly Severity[];
  /** What it means, in two or three sentences. */
  readonly meaning: string;
  /** When exactly it is raised, with the thresholds. */
  readonly rule: string;
  /** Where the thresholds come from. */
  readonly source: string;
  /** What to do about it. */
  readonly remedy: string;
}
