/**
 * What was seen in a moment of change is looked at again. A rollout, or a pod that is deleted meanwhile, breaks
 * connections for a moment: a report of that would name a fault that is over before anybody reads it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from '../checks/report.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Progress } from '../model/progress.ts';
import type { Report } from '../model/report.ts';

/** One look at a target: what the API says of it, and what the probes then see. */
export interface Look {
  /** What the API said that a check looks at, to be compared with what it says later. */
  stateOf(check: string): string;
  gather(): Promise<Bundle>;
}

/** What is at hand for another look. */
export interface SecondLook {
  /** With the API as it is then. @throws {UserError} a DEST is gone, or may not be read any more */
  lookAgain(): Promise<Look>;
  /** What follows the API, as kube-proxy does, is given so many milliseconds. */
  readonly restMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * The bundle to judge: that of the first look, or where it has a finding above info, and the API no longer says what it
 * said before the probes, that of another one. There are two at the most: what does not come to rest is told as it was
 * seen last.
 * @throws whatever a `gather` throws, or the signal's reason
 */
export async function settled(
  first: Look,
  { lookAgain, restMs, progress, signal }: SecondLook,
): Promise<Bundle> {
  const bundle = await first.gather();
  const suspects = suspectChecks(bundle);
  if (suspects.length === 0) return bundle;
  progress.show('asking the API whether anything has changed');
  let second: Look;
  try {
    second = await lookAgain();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    progress.note(`this is what the probes saw; something has changed since: ${said}`);
    return bundle;
  }
  if (suspects.every((id) => first.stateOf(id) === second.stateOf(id))) return bundle;
  progress.note('the cluster changed while the probes ran: what they saw was checked again');
  await sleep(restMs, undefined, { signal });
  return second.gather();
}

/** The checks with a finding that somebody would act on; none where a rule fails, which is told once the evidence is saved. */
function suspectChecks(bundle: Bundle): string[] {
  let report: Report;
  try {
    report = judge(bundle);
  } catch {
    return [];
  }
  return report.checks
    .filter(({ findings }) => findings.some(({ severity }) => severity !== 'info'))
    .map(({ id }) => id);
}
