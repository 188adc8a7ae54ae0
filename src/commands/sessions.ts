import { interruptible } from '../console/interrupt.ts';
import { print, printDocument } from '../console/print-report.ts';
import { withProgress } from '../console/progress.ts';
import type { ClusterTargetSpec, SessionsListArgs, SessionsStopArgs, SessionsTarget } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { type Deadline, withDeadline } from '../open/deadline.ts';
import { toUserError, withUserErrors } from '../open/failures.ts';
import { targetName } from '../open/target-name.ts';
import { plainTable } from '../report/tables.ts';
import { visible } from '../report/text.ts';
import {
  findSessions,
  type SessionScope,
  type StoppedSessions,
  stopSessions,
  type UnseenTarget,
} from '../sessions/in-cluster.ts';
import { findDockerSessions, stopDockerSessions } from '../sessions/on-docker.ts';
import { reasonOf } from './failure-reason.ts';

/** A list of sessions, of whatever kind, as it is printed. */
interface Listing {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly items: readonly Readonly<Record<string, string | number>>[];
  /** Of several targets those that could not be looked at. */
  readonly unseen: readonly UnseenTarget[];
}

/** Something of what was asked for was not done. */
const NOT_ALL = 3;

function complainOf(unseen: readonly UnseenTarget[]): void {
  for (const { error } of unseen) process.stderr.write(`error: ${visible(error.message)}\n`);
}

/** Resolves to the exit code. */
export function list(args: SessionsListArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { engine, targets } = placesOf(args.targets);
      const listing =
        engine === undefined
          ? await inCluster({ ...args, targets }, signal)
          : await inEngine(engine.name, signal);
      if (args.output !== 'table') {
        const items = listing.items.map((item) => ({ ...item }));
        const failed = listing.unseen.map(({ target, error }) => ({
          target: targetName({ spec: target }),
          reason: reasonOf(error),
        }));
        await printDocument({ apiVersion: 'nettools/v1', kind: 'SessionList', items, failed }, args.output);
      } else if (listing.rows.length === 0) process.stderr.write('No sessions found.\n');
      else {
        const rows = listing.rows.map((row) => row.map(visible));
        await print(`${plainTable([...listing.head], rows)}\n`);
      }
      if (args.output === 'table') complainOf(listing.unseen);
      return listing.unseen.length > 0 ? NOT_ALL : 0;
    }),
  );
}

async function inCluster(scope: SessionScope, signal: AbortSignal): Promise<Listing> {
  const { sessions, unseen } = await findSessions(scope, signal);
  return {
    unseen,
    head: ['NAMESPACE', 'POD', 'CONTAINER', 'PROFILE', 'IMAGE', 'STATE', 'SINCE', 'IDLE-LIMIT'],
    rows: sessions.map(({ namespace, pod, container, profile, image, state, since, idleSeconds }) => [
      ...[namespace, pod, container, profile, image, state, since],
      `${idleSeconds}s`,
    ]),
    items: sessions.map((one) => ({ ...one })),
  };
}

async function inEngine(name: string | undefined, signal: AbortSignal): Promise<Listing> {
  const sessions = await findDockerSessions(name, signal);
  return {
    unseen: [],
    head: ['TARGET', 'CONTAINER', 'NETWORK', 'IMAGE', 'STATE', 'SINCE'],
    rows: sessions.map(({ target, container, network, image, state, since }) => [
      ...[target, container, network, image, state, since],
    ]),
    items: sessions.map((one) => ({ ...one })),
  };
}

/** Of a Docker engine, or of a cluster. */
function placesOf(targets: readonly SessionsTarget[]): {
  readonly engine?: { readonly name?: string };
  readonly targets: readonly ClusterTargetSpec[];
} {
  const [first] = targets;
  if (first?.kind === 'docker') return { engine: first, targets: [] };
  return { targets: targets.flatMap((one) => (one.kind === 'docker' ? [] : [one])) };
}

/** Resolves to the exit code. */
export function stop(args: SessionsStopArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { engine, targets } = placesOf(args.targets);
      const { stopped, failed, unseen } = await withProgress((progress) =>
        withDeadline(args, signal, progress, (deadline) =>
          engine === undefined
            ? stopSessions({ ...args, targets }, deadline)
            : stopInEngine(engine.name, deadline),
        ),
      );
      const done = engine === undefined ? 'stopped' : 'removed';
      await print(stopped.map((name) => `session ${visible(name)} ${done}\n`).join(''));
      complainOf(unseen);
      if (stopped.length + failed.length === 0) process.stderr.write('No running sessions found.\n');
      if (failed.length > 0) refuseOnce(failed, stopped.length + unseen.length);
      for (const { name, error } of failed) {
        process.stderr.write(`error: session ${visible(`${name}: ${reasonOf(error, 'it ended')}`)}.\n`);
      }
      signal.throwIfAborted();
      return failed.length + unseen.length > 0 ? NOT_ALL : 0;
    }),
  );
}

/** What kept all of them from ending is told once. @param others those of which something else is told */
function refuseOnce(failed: StoppedSessions['failed'], others: number): void {
  const [first] = failed;
  const reasons = new Set(failed.map(({ error }) => reasonOf(error, 'it ended')));
  if (first === undefined || others > 0 || reasons.size > 1) return;
  if (failed.length === 1) throw first.error;
  const told = toUserError(first.error);
  if (told instanceof UserError)
    throw new UserError(`none of ${failed.length} sessions was ended: ${told.message}`, told.exitCode, {
      cause: told,
      ...(told.hint === undefined ? {} : { hint: told.hint }),
    });
}

async function stopInEngine(name: string | undefined, deadline: Deadline): Promise<StoppedSessions> {
  const stopped = await stopDockerSessions(name, deadline);
  return { stopped: stopped.map((one) => `docker://${one.target}/${one.container}`), failed: [], unseen: [] };
}
