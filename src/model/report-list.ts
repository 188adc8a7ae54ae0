/** The reports of many targets, and what they have in common: the contract of `-o json` where there are many. */
import type { Report, Severity, TargetTraits, Verdict } from './report.ts';

/** One target of many that there is no report of. */
export interface FailedTarget extends TargetTraits {
  /** As it is typed: `pod/web-0`, `node/n1`, `deploy/web`. */
  readonly target: string;
  readonly namespace?: string;
  readonly node?: string;
  /** One sentence. */
  readonly reason: string;
}

/** What targets can have in common. */
export type Trait = 'node' | 'zone' | 'owner' | 'namespace';

/** What all affected targets have in common, and too few of the others for it to be chance. */
export interface InCommon {
  readonly trait: Trait;
  readonly values: readonly string[];
  /** Others that were measured, share it and are not affected. */
  readonly others: number;
}

/** One finding, in all targets that have it. */
export interface FindingGroup {
  readonly id: string;
  /** The worst of all. */
  readonly severity: Severity;
  readonly title: string;
  /** The destination that it is about; absent: the targets themselves, or each has another one. */
  readonly subject?: string;
  /** The ID of the finding that explains it wherever it was found. */
  readonly causedBy?: string;
  /** Targets that have it, in the order of the items: `pod/web-0 in shop`. */
  readonly targets: readonly string[];
  /** Targets in which the check could look for it. */
  readonly of: number;
  readonly inCommon?: InCommon;
  /** The same in words: "12 of 40 pods, all on node7". */
  readonly where: string;
  /** What the first of them says. */
  readonly summary: string;
}

/** One run of the same checks against many targets. */
export interface ReportList {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'ReportList';
  readonly tool: { readonly version: string };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The worst of all; `unknown` where nothing is wrong and something could not be measured. */
  readonly verdict: Verdict;
  /** The gravest and widest first; what follows from another stands behind it. */
  readonly groups: readonly FindingGroup[];
  /** In the order in which the targets were asked for, those found by a selector by namespace and name. */
  readonly items: readonly Report[];
  readonly failed: readonly FailedTarget[];
}
