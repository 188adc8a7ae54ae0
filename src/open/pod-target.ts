/** A pod as a target: by a container in it or, where it has no room for one or the user says so, by its node. */

import { podSubject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import type { KubeClient } from '../kube/client.ts';
import { advice } from '../model/advice.ts';
import type { PodTargetSpec, SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from '../targets/identity.ts';
import { openNodeSession, readNode } from '../targets/node.ts';
import { NoRoomError, openPodSession, podInfo, targetPod } from '../targets/pod.ts';
import { networkProblem } from '../targets/preflight.ts';
import { type Room, readRoom } from '../targets/room.ts';
import { noRoomHint } from '../targets/room-words.ts';
import type { OpenOptions, Session } from '../targets/session.ts';
import type { Sharing } from './connect.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';
import { imageFor } from './image.ts';
import { changed, switchedOnNode } from './switched.ts';

/** @throws {UserError} exit 2 or 3: no such pod, or no right to read it */
export async function findPod(
  client: KubeClient,
  target: PodTargetSpec,
  flags: SessionFlags,
  signal: AbortSignal,
  { reads }: Sharing,
): Promise<FoundTarget> {
  refuseNetns(flags.netns, "A pod's own namespace needs no switch.");
  const pod = await targetPod(client, target, signal);
  // It is read while the checks' inputs are.
  const room = isFromNode(flags) ? undefined : readRoom(client, pod, signal);
  return {
    subject: podSubject(new KubeView(client, signal, [pod], reads), pod),
    client,
    open: (options) => openPod(client, pod, flags, options, room),
  };
}

/**
 * Opens a session on a pod, which the caller has to close.
 * @param reading the pod's room, where it is being read already
 * @throws {UserError} exit 2 or 3
 */
export async function openPod(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  options: OpenOptions,
  reading: Promise<Room> = readRoom(client, pod, options.signal),
): Promise<Session> {
  if (flags.watchesKernel)
    return fromNode(client, pod, flags, options, 'that is where its kernel is watched');
  if (flags.via === 'node') return fromNode(client, pod, flags, options, 'as --via node says');
  try {
    return await openPodSession(client, pod, flags, imageFor(flags), reading, options);
  } catch (error) {
    if (!(error instanceof NoRoomError) || !canGoByNode(flags)) throw error;
    return await insteadFromNode(client, pod, flags, options, error);
  }
}

function isFromNode({ via, watchesKernel }: SessionFlags): boolean {
  return via === 'node' || watchesKernel === true;
}

/** Whether nothing that the user asked for is to be had in the pod alone. */
export function canGoByNode({ container, profile }: SessionFlags): boolean {
  return container === undefined && (profile === 'auto' || profile === 'netadmin');
}

async function insteadFromNode(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  options: OpenOptions,
  refusal: NoRoomError,
): Promise<Session> {
  try {
    return await fromNode(client, pod, flags, options, `the pod ${refusal.shortage.state}`);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${refusal.words}; it cannot be measured from its node either: ${error.message}`,
      error.exitCode,
      {
        hint: advice`${noRoomHint(refusal.shortage)}${error.hint === undefined ? '' : ' '}${error.hint ?? ''}`,
        cause: error,
      },
    );
  }
}

/**
 * The pod's network, entered from its node: what runs is in the cgroup of the node's pod.
 * @param why ends a sentence
 */
async function fromNode(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  options: OpenOptions,
  why: string,
): Promise<Session> {
  const problem = networkProblem(pod);
  if (problem !== undefined) throw new UserError(problem, 3);
  const { namespace, name } = identityOf(pod);
  const node = pod.spec?.nodeName ?? '';
  const switching = pod.spec?.hostNetwork !== true;
  const target = { name: node, node: await readNode(client, node, options.signal) };
  const onNode = await openNodeSession(client, target, flags, imageFor(flags), { ...options, switching });
  const session = switching
    ? await switchedOnNode(client, node, `${namespace}/${name}`, onNode, options, [pod])
    : onNode;
  return changed(session, {
    info: { ...podInfo(pod), via: 'node' },
    notes: [`measured from ${node}: ${why}`, ...session.notes],
  });
}
