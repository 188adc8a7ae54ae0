/** Whether a small program may be started in an application's own container: what it takes is charged to the application. */
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../model/kube-objects.ts';
import { bytesLeft, LEAST_FOR_EXEC, LEAST_MILLI_CPUS } from './budget.ts';
import { bytesOf, milliCpusOf } from './quantity.ts';
import { type Room, readRoom } from './room.ts';

/** @returns why not, as the end of a sentence; `undefined`: it may be. Never rejects */
export async function whyNoExec(
  client: KubeClient,
  pod: Pod,
  container: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const limits = all.find(({ name }) => name === container)?.resources?.limits;
  // The start of a program takes 10 to 20 ms of CPU.
  if ((milliCpusOf(limits?.['cpu']) ?? LEAST_MILLI_CPUS) < LEAST_MILLI_CPUS)
    return `a program in it would take its CPU for a second, with a limit of ${limits?.['cpu']}`;
  const limitBytes = bytesOf(limits?.['memory']);
  const room = await readRoom(client, pod, signal);
  // Of several containers it is not known what is in use of the limit of one.
  const own: Room =
    limitBytes === undefined || (all.length === 1 && room.kind === 'known')
      ? room
      : { kind: 'unknown', limitBytes, reason: '' };
  return isFull(own) || isFull(room)
    ? 'a program in it might be one too many for its memory limit'
    : undefined;
}

function isFull(room: Room): boolean {
  return room.kind !== 'unlimited' && bytesLeft(room) < LEAST_FOR_EXEC;
}
