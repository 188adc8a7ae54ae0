import { interruptible } from '../console/interrupt.ts';
import { printDocument } from '../console/print-report.ts';
import { withProgress } from '../console/progress.ts';
import type { ClusterTargetSpec, SessionsListArgs, SessionsStopArgs, SessionsTarget } from '../model/args.ts';
import { type Deadline, withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import { plainTable } from '../report/tables.ts';
import { visible } from '../report/text.ts';
import {
  findSessions,
  type SessionScope,
  type StoppedSessions,
  stopSessions,
} from '../sessions/in-cluster.ts';
import { findDockerSessions, stopDockerSessions } from '../sessions/on-docker.ts';
import { reasonOf } from './failure-reason.ts';

/** A list of sessions, of whatever kind, as it is printed. */
interface Listing {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly items: readonly Readonly<Record<string, string | number>>[];
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
        await printDocument({ apiVersion: 'nettools/v1', kind: 'SessionList', items }, args.output);
      } else if (listing.rows.length === 0) process.stderr.write('No sessions found.\n');
      else {
        const rows = listing.rows.map((row) => row.map(visible));
        process.stdout.write(`${plainTable([...listing.head], rows)}\n`);
      }
      return 0;
    }),
  );
}

async function inCluster(scope: SessionScope, signal: AbortSignal): Promise<Listing> {
  const { sessions } = await findSessions(scope, signal);
  return {
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
      const { stopped, failed } = await withProgress((progress) =>
        withDeadline(args, signal, progress, (deadline) =>
          engine === undefined
            ? stopSessions({ ...args, targets }, deadline)
            : stopInEngine(engine.name, deadline),
        ),
      );
      const done = engine === undefined ? 'stopped' : 'removed';
      for (const name of stopped) process.stdout.write(`session ${visible(name)} ${done}\n`);
      const [first] = failed;
      if (first === undefined) {
        if (stopped.length === 0) process.stderr.write('No running sessions found.\n');
        return 0;
      }
      if (stopped.length + failed.length === 1) throw first.error;
      for (const { name, error } of failed) {
        process.stderr.write(`error: session ${visible(`${name}: ${reasonOf(error, 'it ended')}`)}.\n`);
      }
      signal.throwIfAborted();
      return 3;
    }),
  );
}

async function stopInEngine(name: string | undefined, deadline: Deadline): Promise<StoppedSessions> {
  const stopped = await stopDockerSessions(name, deadline);
  return { stopped: stopped.map((one) => `docker://${one.target}/${one.container}`), failed: [] };
}
