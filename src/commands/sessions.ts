import { interruptible } from '../console/interrupt.ts';
import { printDocument } from '../console/print-report.ts';
import { withProgress } from '../console/progress.ts';
import type { SessionsListArgs, SessionsStopArgs } from '../model/args.ts';
import { withDeadline } from '../open/deadline.ts';
import { withFailuresTold } from '../open/failures.ts';
import { plainTable } from '../report/tables.ts';
import { visible } from '../report/text.ts';
import { findSessions, type SessionScope, stopSessions } from '../sessions/in-cluster.ts';
import { findDockerSessions, stopDockerSessions } from '../sessions/on-docker.ts';

/** A list of sessions, of whatever kind, as it is printed. */
interface Listing {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly items: readonly Readonly<Record<string, string | number>>[];
}

/** Resolves to the exit code. */
export function list(args: SessionsListArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const { target } = args;
      const listing =
        target?.kind === 'docker'
          ? await inEngine(target.name, signal)
          : await inCluster({ ...args, target }, signal);
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

/** Resolves to the exit code. */
export function stop(args: SessionsStopArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const { target, timeoutMs } = args;
      const stopped = await withProgress((progress) =>
        withDeadline({ timeoutMs }, signal, progress, async (deadline) =>
          target?.kind === 'docker'
            ? (await stopDockerSessions(target.name, deadline)).map(
                (one) => `docker://${one.target}/${one.container} removed`,
              )
            : (await stopSessions({ ...args, target }, deadline)).map(
                ({ namespace, pod, container }) => `${namespace}/${pod}/${container} stopped`,
              ),
        ),
      );
      for (const text of stopped) process.stdout.write(`session ${visible(text)}\n`);
      if (stopped.length === 0) process.stderr.write('No running sessions found.\n');
      return 0;
    }),
  );
}
