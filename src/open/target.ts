/** From TARGET to an open session, whatever its kind. */

import { nodeSubject, podSubject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags, SessionFlags, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import { type LocalSpec, openLocalSession } from '../targets/local.ts';
import { openNodeSession, readNode } from '../targets/node.ts';
import type { OpenOptions, Session } from '../targets/session.ts';
import { ALONE, type Sharing } from './connect.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { findDocker } from './docker-target.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';
import { imageFor } from './image.ts';
import { findPod } from './pod-target.ts';
import { openSwitchedLocal, podOnNode, switchedOnNode } from './switched.ts';

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
  switch (target.kind) {
    case 'name':
    case 'selector':
      return findPod(await shared.connect(args.connection, signal), target, args.session, signal, shared);
    case 'node':
      return findNode(await shared.connect(args.connection, signal), args, target.name, signal, shared);
    case 'local':
    case 'netns':
    case 'pid':
      return findLocal(target, args.session);
    case 'docker':
      return findDocker(target.name, args.session, signal);
  }
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

/** Of this machine; it belongs to no cluster, whatever the kubeconfig says. */
function findLocal(target: LocalSpec, { netns, container }: SessionFlags): FoundTarget {
  if (container !== undefined) {
    throw new UserError('-c names a container of a pod, but TARGET is on this machine: leave it out.', 2);
  }
  if (netns === undefined) {
    return {
      subject: { isHost: target.kind === 'local', addresses: [] },
      open: (options) => openLocalSession(target, options),
    };
  }
  if (target.kind !== 'local') refuseNetns(netns, 'netns:NAME and pid:N already are namespaces.');
  return {
    subject: { isHost: netns === 'host', addresses: [] },
    open: (options) => openSwitchedLocal(netns, options),
  };
}

async function findNode(
  client: KubeClient,
  args: TargetArgs,
  name: string,
  signal: AbortSignal,
  { reads }: Sharing,
): Promise<FoundTarget> {
  const { netns } = args.session;
  const node = await readNode(client, name, signal);
  const image = imageFor(args.session);
  const open = (options: OpenOptions, switching: boolean) =>
    openNodeSession(client, { name, node }, args.session, image, { ...options, switching });
  if (netns === undefined) {
    const subject = nodeSubject(new KubeView(client, signal, [], reads), name, node);
    // All namespaces are watched, and named.
    return { subject, client, open: (options) => open(options, args.session.watchesKernel === true) };
  }
  const pod = await podOnNode(client, name, netns, signal);
  const cluster = new KubeView(client, signal, pod ? [pod] : [], reads);
  return {
    subject: pod
      ? podSubject(cluster, pod)
      : { cluster, node: name, isHost: netns === 'host', addresses: [] },
    client,
    open: async (options) => switchedOnNode(client, name, netns, await open(options, true), options),
  };
}
