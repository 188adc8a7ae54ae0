/** Whether a counter of lost packets shows more than one bad moment. Pure. */

/**
 * A queue that was full for an instant loses a handful: any busy host has such an instant, and what was lost is sent
 * again. The number is ours.
 */
const HANDFUL = 10;
/** Where much passes, even many are few: TCP does not notice a loss of less. Ours. */
const SHARE = 0.001;

/** As the rules of findings say it. */
export const BURST_LIMIT = 'at least 10 and 0.1 % of what came (ours)';

/**
 * @param lost how many were lost in the run
 * @param passed how many were not, in the same run and place
 */
export function isMoreThanBurst(lost: number, passed: number): boolean {
  return lost >= HANDFUL && lost >= SHARE * (lost + Math.max(0, passed));
}
