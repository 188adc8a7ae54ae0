/** Why a pod has no network yet, as the kubelet's events say. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath } from '../kube/paths.ts';
import type { CoreV1Event, Pod } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { identityOf } from './identity.ts';

/** Of the kubelet (pkg/kubelet/events): the container runtime or a network plugin failed; the node's network is not there. */
const REASONS: ReadonlySet<string> = new Set(['FailedCreatePodSandBox', 'NetworkNotReady']);
/** The identity of the sandbox, which changes with each try. */
const SANDBOX = / for sandbox "[0-9a-f]{12,}"/;
/** The runtime's own beginning of each message, which says nothing. */
const BEGINNING = /^Failed to create pod sandbox: (?:rpc error: code = \w+ desc = )?/;

/**
 * The last words of the runtime or the network plugin of a pod that is Pending on its node, without a full stop.
 * `undefined`: none, or events may not be read.
 */
export async function sandboxTrouble(
  client: KubeClient,
  pod: Pod,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (pod.status?.phase !== 'Pending' || pod.status.podIP || !pod.spec?.nodeName) return undefined;
  const { namespace, uid } = identityOf(pod);
  const query = { fieldSelector: `involvedObject.uid=${uid},type=Warning` };
  try {
    const events = await listAll<CoreV1Event>(client, namespacedPath('api/v1', namespace, 'events'), {
      query,
      ...(signal ? { signal } : {}),
    });
    return lastTrouble(events);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Of the events of one pod. Pure. */
export function lastTrouble(events: readonly CoreV1Event[]): string | undefined {
  const time = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
    Date.parse(String(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp)) || 0;
  const message = events
    .filter(({ reason }) => REASONS.has(reason ?? ''))
    .sort((a, b) => time(a) - time(b))
    .at(-1)
    ?.message?.trim();
  return message === undefined || message === ''
    ? undefined
    : withoutFullStop(message.replace(BEGINNING, '').replace(SANDBOX, ''));
}

/** A sentence about the pod, with what keeps it from a network before its full stop. */
export function withTrouble(sentence: string, trouble: string | undefined): string {
  return trouble === undefined ? sentence : `${withoutFullStop(sentence)}: ${trouble}.`;
}
