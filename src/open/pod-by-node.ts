/** A pod's network, entered from its node: loaded only where the pod itself is not. */

import type { KubeClient } from '../kube/client.ts';
import { advice } from '../model/advice.ts';
import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from '../targets/identity.ts';
import { openNodeSession, readNode } from '../targets/node.ts';
import { type NoRoomError, podInfo } from '../targets/pod.ts';
import { networkProblem } from '../targets/preflight.ts';
import { noRoomHint } from '../targets/room-words.ts';
import { sandboxTrouble, withTrouble } from '../targets/sandbox-trouble.ts';
import type { OpenOptions, Session } from '../targets/session.ts';
import { imageFor } from './image.ts';
import { changed, switchedOnNode } from './switched.ts';

/** @param refusal why the pod itself is not entered */
export async function insteadFromNode(
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
export async function fromNode(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  options: OpenOptions,
  why: string,
): Promise<Session> {
  const problem = networkProblem(pod);
  if (problem !== undefined)
    throw new UserError(withTrouble(problem, await sandboxTrouble(client, pod, options.signal)), 3);
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
