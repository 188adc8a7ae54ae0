/** What `test` and `test init` are asked for. */

import type { ManyTargets, OutputFormat, RunOptions, TargetSpec } from './args.ts';
import type { PushTarget } from './exposition.ts';

/** What the result of expectations can be printed as. */
export type TestFormat = OutputFormat | 'junit' | 'tap' | 'markdown' | 'openmetrics';

export interface TestArgs extends Pick<RunOptions, 'connection' | 'session' | 'thresholds'> {
  /** Files, folders, or `-`; at least one. */
  readonly files: readonly string[];
  readonly output: TestFormat;
  readonly push?: PushTarget;
  /** Say what would be added where, and add nothing. */
  readonly isPlan: boolean;
  /** Who may show that a denied port has a listener: the other sources alone, or a node too. */
  readonly witness: 'node' | 'sources';
  /** Measure again, as long as not all is met and no more than so many ms have passed. */
  readonly retryForMs: number;
  readonly limits: Pick<ManyTargets, 'atOnce' | 'most' | 'isSure'>;
  /** TARGET as the command line reads it. @throws {UserError} exit 2 */
  targetOf(text: string): TargetSpec;
}

export interface TestInitArgs extends Pick<RunOptions, 'connection' | 'session' | 'thresholds'> {
  readonly what:
    | { readonly kind: 'target'; readonly text: string; readonly spec: TargetSpec }
    /** A file of netassert's, or `-`. */
    | { readonly kind: 'netassert'; readonly file: string };
}
