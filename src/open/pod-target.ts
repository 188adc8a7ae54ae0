/** A pod as a target: by a container in it or, where it has no room for one or the user says so, by its node. */

import { podSubject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import type { KubeClient } from '../kube/client.ts';
import type { SessionFlags } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import { NoRoomError, openPodSession } from '../targets/pod.ts';
import { type Room, readRoom } from '../targets/room.ts';
import type { OpenOptions, Session } from '../targets/session.ts';
import type { Sharing } from './connect.ts';
import type { FoundTarget } from './found-target.ts';
import { imageFor } from './image.ts';

/** @param pod as it was just read */
export function foundPod(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  signal: AbortSignal,
  { reads }: Sharing,
): FoundTarget {
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
  if (isFromNode(flags)) {
    const why = flags.watchesKernel === true ? 'that is where its kernel is watched' : 'as --via node says';
    return (await import('./pod-by-node.ts')).fromNode(client, pod, flags, options, why);
  }
  try {
    return await openPodSession(client, pod, flags, imageFor(flags), reading, options);
  } catch (error) {
    if (!(error instanceof NoRoomError) || !canGoByNode(flags)) throw error;
    const { insteadFromNode } = await import('./pod-by-node.ts');
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
