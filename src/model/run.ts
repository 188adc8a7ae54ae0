/** A run as it is asked for, and what it reports while it goes on. */
import type { RunOptions, TargetSpec } from './args.ts';
import type { Bundle } from './bundle.ts';
import type { Report, TargetTraits } from './report.ts';

/** One target of a run. */
export interface RunTarget {
  readonly spec: TargetSpec;
  /** Where the pod is, if not in the namespace of the connection. */
  readonly namespace?: string;
  /** What is known of it beforehand. */
  readonly traits?: TargetTraits;
  /** What this target is asked in place of what all are. */
  readonly own?: Partial<Pick<RunOptions, 'to' | 'names' | 'options'>>;
}

/** The same checks for each of the targets. */
export interface RunRequest {
  readonly targets: readonly RunTarget[];
  /** Ids, in the order in which they are reported. */
  readonly checks: readonly string[];
  readonly options: RunOptions;
  readonly limits: {
    /** Targets that are looked into at the same time. */
    readonly targetsAtOnce: number;
  };
}

/** What a run reports as it goes on. `target` is the target's place in the request. */
export type RunEvent =
  /** What is being done now. */
  | { readonly type: 'stage'; readonly target: number; readonly text: string }
  /** What the user should know of the way into the target; a sentence without its dot. */
  | { readonly type: 'note'; readonly target: number; readonly text: string }
  /** Everything has been read; nothing is judged yet. */
  | { readonly type: 'gathered'; readonly target: number; readonly bundle: Bundle }
  | { readonly type: 'report'; readonly target: number; readonly report: Report }
  /** There is no report of this target; the others go on. */
  | { readonly type: 'failed'; readonly target: number; readonly error: unknown };
