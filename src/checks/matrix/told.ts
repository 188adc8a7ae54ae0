import type { Occurrence } from '../../model/finding.ts';

/** A finding, and what two of them may have in common. */
export interface Told {
  /** What both families may say of the same place. */
  readonly key: string;
  readonly finding: Occurrence;
}
