/** What `diff` is asked for. */
import type { DiffLimits } from './diff.ts';

/** What a comparison can be printed as. */
export type DiffFormat = 'table' | 'json' | 'yaml' | 'junit' | 'markdown' | 'html';

export interface DiffArgs {
  /** Files that --save or -o json wrote. */
  readonly before: string;
  readonly after: string;
  readonly output: DiffFormat;
  readonly limits: DiffLimits;
}
