/** From TARGET to an open session, whatever its kind. */

import { setImmediate } from 'node:timers/promises';
import type { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags, PodTargetSpec, SessionFlags, TargetSpec } from '../model/args.ts';
import type { Progress } from '../model/progress.ts';
import type { Session } from '../targets/session.ts';
import { targetPod } from '../targets/target-pod.ts';
import { ALONE, type Sharing } from './connect.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';

/** What every command on a target takes. */
export interface TargetArgs {
  readonly connection: ConnectionFlags;
  readonly target: TargetSpec;
  readonly session: SessionFlags;
}

/**
 * Finds out what the target is.
 * @throws {UserError} exit 2 or 3: there is no such thing, or it may not be read
 */
export async function findTarget(
  args: TargetArgs,
  signal: AbortSignal,
  shared: Sharing = ALONE,
): Promise<FoundTarget> {
  const { target } = args;
  const { connection, session } = args;
  // Each kind is loaded when it is met: together they are most of the code of a command.
  switch (target.kind) {
    case 'name':
    case 'selector': {
      refuseNetns(session.netns, "A pod's own namespace needs no switch.");
      return findPod(await shared.connect(connection, signal), target, session, signal, shared);
    }
    case 'node': {
      const client = await shared.connect(connection, signal);
      return (await import('./node-target.ts')).findNode(client, session, target.name, signal, shared);
    }
    case 'local':
    case 'netns':
    case 'pid':
      return (await import('./local-target.ts')).findLocal(target, args, signal);
    case 'docker':
      return (await import('./docker-target.ts')).findDocker(target.name, session, signal);
  }
}

/** @throws {UserError} exit 2 or 3: no such pod, or no right to read it */
async function findPod(
  client: KubeClient,
  target: PodTargetSpec,
  flags: SessionFlags,
  signal: AbortSignal,
  shared: Sharing,
): Promise<FoundTarget> {
  const reading = targetPod(client, target, signal);
  reading.catch(() => undefined);
  // What the answer is for is loaded while the server shakes hands and answers, not before it is asked. It takes longer than either:
  // in between the handshake is looked after, which sends the question.
  await setImmediate();
  await import('../channels/pod-exec.ts');
  await setImmediate();
  const { foundPod } = await import('./pod-target.ts');
  return foundPod(client, await reading, flags, signal, shared);
}

/**
 * Runs `work` with a session on the target and closes it, however `work` ends.
 * @param found what {@link findTarget} gave, where the caller needed it before
 */
export async function withSession<T>(
  args: TargetArgs,
  signal: AbortSignal,
  progress: Progress,
  work: (session: Session) => Promise<T>,
  found?: FoundTarget,
): Promise<T> {
  const session = found
    ? await found.open({ signal, onProgress: (text) => progress.show(text) })
    : await withDeadline(args.session, signal, progress, (deadline) => openTarget(args, deadline));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Finds the target and opens its session. */
async function openTarget(args: TargetArgs, { signal, progress }: Deadline): Promise<Session> {
  const { open } = await findTarget(args, signal);
  return open({ signal, onProgress: (text) => progress.show(text) });
}
