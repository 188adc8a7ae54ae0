/** A run as it was gathered, before anything is judged: enough to judge it again, offline. */
import type { ClusterChoice } from './cluster-choice.ts';
import type { Cost } from './cost.ts';
import type { Evidence } from './evidence.ts';
import type { MatrixFrame } from './matrix.ts';
import type { TargetInfo } from './report.ts';
import type { FailedTarget } from './report-list.ts';

/** One check's part of a run. */
export interface GatheredCheck {
  readonly id: string;
  /** The check's input; its shape belongs to the check. */
  readonly input: unknown;
  readonly evidence: Evidence;
  readonly durationMs: number;
}

/** Of what `input` and `evidence` look like: it grows with each change that a saved bundle could not follow. */
export const BUNDLE_FORMAT = 1;

/** A run. */
export interface Bundle {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'Bundle';
  readonly format: typeof BUNDLE_FORMAT;
  readonly tool: { readonly version: string };
  readonly target: TargetInfo;
  /** How the user chose the cluster, for the commands in remedies; absent outside of clusters. Nothing secret. */
  readonly connection?: ClusterChoice;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly checks: readonly GatheredCheck[];
  /** What the run took of its target; absent where the tool has no container of its own there. */
  readonly cost?: Cost;
}

/** Many runs, in the order in which they ended. */
export interface BundleList {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'BundleList';
  readonly format: typeof BUNDLE_FORMAT;
  readonly tool: { readonly version: string };
  /** `place` is the target's among all that were asked for. */
  readonly items: readonly { readonly place: number; readonly bundle: Bundle }[];
  readonly failed: readonly FailedTarget[];
  /** Of a matrix: its two sides; `place` is that of the source. */
  readonly matrix?: MatrixFrame;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}
