/** What the patterns of a matrix share. Pure. */
import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import type { Story } from '../story.ts';
import type { Symptom } from '../units.ts';

/** A finding of a matrix: what it means, and of which story it is the name. */
export interface Pattern {
  readonly meta: FindingMeta;
  tells(story: Pick<Story, 'kind' | 'isOneWay'>, symptom: Symptom): boolean;
}

/** Ends the rule of each. */
export const SHARE =
  'At least 85 % of the pairs that the pattern names fail, or all but one of five or more (ours), and it explains more of what fails than any other';

export const seeBothEnds = advice`Look at both ends of one of the pairs at the same time; a NetworkPolicy that keeps them apart on purpose shows there too:
${nettools`diagnose pod/SOURCE --to pod/DESTINATION --both-ends`}`;
