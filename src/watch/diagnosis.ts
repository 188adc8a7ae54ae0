/** The diagnoses of a watch: which outage gets one, and what of it is about its destination. */
import { ABOUTS } from '../checks/about.ts';
import { diagnosisOrder } from '../checks/diagnosis.ts';
import { judge } from '../checks/report.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Report } from '../model/report.ts';
import type { WatchDiagnosis } from '../model/watch.ts';
import type { WatchArgs } from '../model/watch-args.ts';
import type { FoundTarget } from '../open/found-target.ts';
import { findTarget } from '../open/target.ts';
import { run } from '../run/engine.ts';
import type { Session } from '../targets/session.ts';

/** A destination that fails again and again is diagnosed no more often, in ms: each diagnosis is some seconds of probes. */
const DIAGNOSE_EVERY_MS = 60_000;
/** And all of them no more often than this. */
const MOST_DIAGNOSES = 50;

/** Chooses what is diagnosed: several endpoints of a Service fail together, and one diagnosis is of all of them. */
export class DiagnosisLimit {
  readonly #begun = new Map<string, number>();
  #count = 0;

  /** Whether one may begin of that DEST now; then it counts as begun. @param now in ms, by any steady clock */
  mayBegin(asked: string, now: number): boolean {
    const last = this.#begun.get(asked);
    if (this.#count >= MOST_DIAGNOSES || (last !== undefined && now - last < DIAGNOSE_EVERY_MS)) return false;
    this.#begun.set(asked, now);
    this.#count++;
    return true;
  }
}

/**
 * Diagnoses one DEST in the session of the watch: nothing is added anywhere.
 * @throws whatever the run throws, or the signal's reason
 */
export async function diagnose(
  dest: string,
  { args, session }: { readonly args: WatchArgs; readonly session: Session },
  signal: AbortSignal,
): Promise<{ readonly bundle: Bundle; readonly report: Report }> {
  const { connection, thresholds, target } = args;
  const request = {
    targets: [{ spec: target }],
    checks: diagnosisOrder(ABOUTS),
    options: { connection, session: args.session, to: [dest], names: [], thresholds, options: {} },
    limits: { targetsAtOnce: 1 },
  };
  const find = async (_target: unknown, ending: AbortSignal): Promise<FoundTarget> => {
    const found = await findTarget({ connection, session: args.session, target }, ending);
    return { ...found, open: async () => ({ ...openedOf(session), close: async () => undefined }) };
  };
  let bundle: Bundle | undefined;
  for await (const event of run(request, { find }, signal)) {
    if (event.type === 'gathered') ({ bundle } = event);
    if (event.type === 'failed') throw event.error;
  }
  if (bundle === undefined) throw new Error('the run ended without a report');
  return { bundle, report: judge(bundle) };
}

/** A session's parts are getters of some, which a spread would lose. */
function openedOf({
  channel,
  info,
  budget,
  notes,
}: Session): Pick<Session, 'channel' | 'info' | 'budget' | 'notes'> {
  return { channel, info, budget, notes };
}

/**
 * Findings above info: those of the destination come first, then those of the target as a whole; of other destinations none.
 * @param asked the DEST that it is part of
 */
export function findingsAbout(
  report: Report,
  destination: string,
  asked: string,
): WatchDiagnosis['findings'] {
  const all = report.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
  const isAbout = (subject: string | undefined): boolean =>
    subject === destination || subject === asked || subject?.startsWith(`${asked} `) === true;
  const rank = ({ causedBy, subject }: (typeof all)[number]): number =>
    (causedBy === undefined ? 0 : 2) + (isAbout(subject) ? 0 : 1);
  return all
    .filter(({ subject }) => subject === undefined || isAbout(subject))
    .sort((a, b) => rank(a) - rank(b));
}
