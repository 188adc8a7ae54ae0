/**
 * What was seen in a moment of change, or may come of a moment of load, is looked at again. A rollout, or a pod that is
 * deleted meanwhile, breaks connections for a moment: a report of that would name a fault that is over before anybody
 * reads it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKS, type CheckId } from '../checks/registry.ts';
import { judge } from '../checks/report.ts';
import { UnreachableError } from '../kube/errors.ts';
import type { Bundle } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { errorWords } from '../model/sentence.ts';

/** One look at a target: what the API says of it, and what the probes then see. */
export interface Look {
  /** What the API said that a check looks at, to be compared with what it says later. */
  stateOf(check: string): string;
  /** @param only the check whose part is wanted; absent: all */
  gather(only?: string): Promise<Bundle>;
}

/** The check that looks at Services. */
const SERVICE = 'service';

/** What is seen again in one of so many more looks was no moment. Of a fault that chance shows, one look may miss it. */
const MORE_LOOKS = 2;

/** What is at hand for another look. */
export interface SecondLook {
  /**
   * With the API as it is then.
   * @throws {UserError} a DEST is gone, or may not be read any more
   * @throws {UnreachableError} the API does not answer: what cannot be read has not changed
   */
  lookAgain(signal: AbortSignal): Promise<Look>;
  /** How long the API may take to say what has changed, in milliseconds. */
  readonly limitMs: number;
  /** What follows the API, as kube-proxy does, is given so many milliseconds. */
  readonly restMs: number;
  /** How long to wait before a look for what another run may have caused: each time another length, or both meet again. */
  pauseMs(): number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * The bundle to judge: that of the first look, or where it has a finding above info, and the API no longer says what it
 * said before the probes, that of another one. There are two at the most: what does not come to rest is reported as it was
 * seen last. What was seen is never lost for want of a second look.
 * @throws whatever the first `gather` throws, or the signal's reason
 */
export async function settled(first: Look, again: SecondLook): Promise<Bundle> {
  const { lookAgain, limitMs, restMs, progress, signal } = again;
  const bundle = await first.gather();
  const suspects = suspectChecks(bundle);
  if (suspects.length === 0) return bundle;
  progress.show('asking the API whether anything has changed');
  const limit = AbortSignal.timeout(limitMs);
  let second: Look;
  try {
    second = await lookAgain(AbortSignal.any([signal, limit]));
  } catch (error) {
    const isUnknown = error instanceof UnreachableError || limit.aborted || signal.aborted;
    const said = limit.aborted ? `the API server gave no answer within ${limitMs / 1000} s` : wordsOf(error);
    const change = isUnknown
      ? 'whether anything has changed since is not known'
      : 'something has changed since';
    progress.note(`this is what the probes saw; ${change}: ${said}`);
    return bundle;
  }
  // A Service that has lost its endpoints meanwhile is why others have found something: its own check saw them still.
  const telling = new Set([...suspects, ...bundle.checks.flatMap(({ id }) => (id === SERVICE ? [id] : []))]);
  if ([...telling].every((id) => first.stateOf(id) === second.stateOf(id)))
    return withoutMoments(bundle, second, again);
  progress.note('the cluster changed while the probes ran: what they saw was checked again');
  try {
    await sleep(restMs, undefined, { signal });
    return await second.gather();
  } catch (error) {
    // Who ends the command wants no report; a limit that has passed is no reason to lose what was seen.
    if (signal.aborted && !(signal.reason instanceof UserError)) throw signal.reason;
    const why = signal.aborted ? signal.reason : error;
    progress.note(`it could not be checked again; this is what the probes saw at first: ${wordsOf(why)}`);
    return bundle;
  }
}

/** The bundle with what was only there for a moment replaced by what its check saw later. */
async function withoutMoments(
  bundle: Bundle,
  look: Look,
  { pauseMs, progress, signal }: SecondLook,
): Promise<Bundle> {
  let kept = bundle;
  for (const [check, ids] of doubtful(bundle)) {
    try {
      let later: Bundle | undefined;
      for (let looks = 0; looks < MORE_LOOKS; looks++) {
        progress.show(`looking at ${check} again`);
        await sleep(pauseMs(), undefined, { signal });
        later = await look.gather(check);
        if ((doubtful(later).get(check) ?? []).some((id) => ids.includes(id))) {
          later = undefined;
          break;
        }
      }
      const [part] = later?.checks ?? [];
      if (part === undefined) continue;
      progress.note(
        `${ids.join(', ')} was seen once, and not in ${MORE_LOOKS} more looks: it is not reported`,
      );
      kept = { ...kept, checks: kept.checks.map((one) => (one.id === check ? part : one)) };
    } catch (error) {
      if (signal.aborted && !(signal.reason instanceof UserError)) throw signal.reason;
      const why = signal.aborted ? signal.reason : error;
      progress.note(`${ids.join(', ')} was seen once, and could not be looked at again: ${wordsOf(why)}`);
    }
  }
  return kept;
}

/** What a second look has to show again: the IDs above info of each check that has some. */
function doubtful(bundle: Bundle): ReadonlyMap<string, readonly string[]> {
  const found = judge(bundle).checks.map(({ id, findings }): [string, string[]] => {
    const metas = id in CHECKS ? CHECKS[id as CheckId].findings : [];
    const twice = new Set(metas.filter(({ isSeenTwice }) => isSeenTwice === true).map((meta) => meta.id));
    const own = findings.filter((one) => one.severity !== 'info' && twice.has(one.id));
    return [id, [...new Set(own.map((one) => one.id))]];
  });
  return new Map(found.filter(([, ids]) => ids.length > 0));
}

/** As the end of a sentence that gets its full stop later. */
function wordsOf(error: unknown): string {
  return errorWords(error);
}

/** The checks with a finding that somebody would act on; none where a rule fails, which is reported once the evidence is saved. */
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
