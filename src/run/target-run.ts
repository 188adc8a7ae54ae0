/** One target's part of a run: what the API knows, a session, the probes, and a bundle of what came back. */
import { PREPARATIONS } from '../checks/preparations.ts';
import { CHECKS, type CheckId } from '../checks/registry.ts';
import type { InputContext } from '../cluster/context.ts';
import { askedDestinations } from '../cluster/destinations.ts';
import type { Subject } from '../cluster/subject.ts';
import type { RunOptions } from '../model/args.ts';
import type { Bundle } from '../model/bundle.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import type { LiveSink } from '../model/live.ts';
import type { Progress } from '../model/progress.ts';
import type { RunTarget } from '../model/run.ts';
import { connectionIn } from '../open/connect.ts';
import { type Deadline, withDeadline } from '../open/deadline.ts';
import type { FoundTarget } from '../open/found-target.ts';
import type { Session } from '../targets/session.ts';
import { hasLargeService, sampleEndpoints } from './endpoint-sample.ts';
import { gatherChecks } from './gather-checks.ts';
import { openPlaceBeside } from './open-place.ts';
import { withPlaces } from './places.ts';
import type { PreparedCheck } from './prepared-check.ts';
import { type Look, settled } from './second-look.ts';

/** kube-proxy writes its rules about a second after a change (minSyncPeriod); as long again for a busy node. */
const REST_MS = 2000;
/** The burst of connections of a run is over in a second: one of these is not in that of a run which began beside it. */
const PAUSE_MS = { least: 500, most: 4000 };
/** Reading again what was read a moment ago takes far less, unless the API server is in trouble. */
const ASK_AGAIN_MS = 5000;

/** What the run of one target gets. */
export interface TargetRun {
  readonly target: RunTarget;
  readonly checks: readonly string[];
  readonly options: RunOptions;
  /** Finds out what the target is. */
  find(target: RunTarget, signal: AbortSignal): Promise<FoundTarget>;
  /** Who looks on, where somebody does. */
  readonly live?: LiveSink | undefined;
}

/** Gathers; the report is made of what it resolves to. @throws {UserError} exit 2 or 3; GatherError, ChannelError, the signal's reason */
export async function gatherTarget(run: TargetRun, signal: AbortSignal, progress: Progress): Promise<Bundle> {
  const { target, options } = run;
  const connection = connectionIn(options.connection, target.namespace);
  const own = { ...run, options: { ...options, ...target.own, connection } };
  const bundle = await withDeadline(options.session, signal, progress, (deadline) =>
    gatherInTime(own, deadline),
  );
  return target.traits === undefined ? bundle : { ...bundle, target: { ...bundle.target, ...target.traits } };
}

async function gatherInTime(
  { target, checks: ids, options, find, live }: TargetRun,
  deadline: Deadline,
): Promise<Bundle> {
  const { signal, progress } = deadline;
  const startedAt = new Date();
  const startedMs = performance.now();
  const found = await find(target, signal);
  progress.show('reading what the API knows');
  // Before the session: a DEST that does not exist is no reason to add a container to the pod.
  const { subject } = found;
  const known = await prepareLook(subject, ids as readonly CheckId[], options, signal);
  const session = await found.open({ signal, onProgress: (text) => progress.show(text) });
  try {
    for (const note of session.notes) progress.note(note);
    const lookAt = ({ stateOf, checksIn }: Prepared): Look => ({
      stateOf,
      gather: async (only) => {
        const all = await checksIn(session, progress);
        const checks = only === undefined ? all : all.filter(({ check }) => check.id === only);
        progress.show(`checking ${checks.map(({ check }) => check.id).join(', ')}`);
        // What is opened beside the target may take as long as the target itself.
        deadline.allow(options.session.timeoutMs);
        return withPlaces(checks, placesContext(found, session, options, deadline), () =>
          gatherChecks(checks, { session, startedAt, startedMs, deadline, live }),
        );
      },
    });
    const { cluster } = subject;
    const bundle =
      cluster === undefined
        ? await lookAt(known).gather()
        : await settled(lookAt(known), {
            lookAgain: async (asking) => {
              const now = { ...subject, cluster: cluster.afresh(asking) };
              return lookAt(await prepareLook(now, ids as readonly CheckId[], options, asking));
            },
            limitMs: ASK_AGAIN_MS,
            restMs: REST_MS,
            pauseMs: () => PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least),
            progress,
            signal,
          });
    return (subject.cluster ?? subject.named)
      ? { ...bundle, connection: clusterChoice(options.connection) }
      : bundle;
  } finally {
    await session.close();
  }
}

/** What is known before the probes. */
interface Prepared extends Pick<Look, 'stateOf'> {
  /** The checks that have something to look at. */
  checksIn(session: Session, progress: Progress): Promise<readonly PreparedCheck[]>;
}

/**
 * A mistake in the command line is reported before anything is changed; a large Service is first looked at from the target.
 * @throws {UserError}
 */
async function prepareLook(
  subject: Subject,
  ids: readonly CheckId[],
  args: RunOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  const asked = await askedDestinations(subject, args.to);
  const known: InputContext = { subject, args, asked, signal };
  if (hasLargeService(asked)) {
    return {
      stateOf: () => JSON.stringify(asked),
      checksIn: async (session, progress) => {
        progress.show('connecting to every endpoint');
        return prepareAll(ids, { ...known, ...(await sampleEndpoints(asked, session, signal)) });
      },
    };
  }
  const checks = await prepareAll(ids, known);
  return {
    // Inputs are plain JSON, made in the same way each time.
    stateOf: (id) => {
      const found = checks.find(({ check }) => check.id === id);
      return JSON.stringify(found?.check.stateOf?.(found.input) ?? found?.input ?? null);
    },
    checksIn: async () => checks,
  };
}

/** Those that have something to look at. */
export async function prepareAll(ids: readonly CheckId[], context: InputContext): Promise<PreparedCheck[]> {
  const all = await Promise.all(
    ids.map(async (id) => ({ check: CHECKS[id], input: await PREPARATIONS[id](context) })),
  );
  return all.filter(({ input }) => input !== undefined) as PreparedCheck[];
}

/** A place beside the target is left out where it does not open in half of the time that is left. */
function placesContext(
  found: FoundTarget,
  session: Session,
  options: RunOptions,
  { signal, progress, leftMs }: Deadline,
): Parameters<typeof withPlaces>[1] {
  const halfMs = Math.max(1000, Math.floor(leftMs / 2000) * 1000);
  const openLimitMs = Math.min(options.session.timeoutMs, halfMs);
  const hurried = { ...options, session: { ...options.session, timeoutMs: openLimitMs } };
  return {
    session,
    progress,
    signal,
    openLimitMs,
    open: (where, opening) => openPlaceBeside(found, hurried, where, opening),
  };
}
