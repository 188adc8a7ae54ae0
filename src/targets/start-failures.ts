/** Why a container does not start, as the kubelet's events say. */
import type { KubeClient } from '../kube/client.ts';
import { namespacedPath } from '../kube/paths.ts';
import type { CoreV1Event, Pod } from '../model/kube-objects.ts';
import { identityOf } from './identity.ts';

/** Reasons of the kubelet's events (pkg/kubelet/events): pull, pull policy, image name and start. */
const FAILURES = new Set(['Failed', 'ErrImageNeverPull', 'InspectFailed']);

/**
 * Tells the first failure that the kubelet reports as an event. It writes the event at once and the pod's status only
 * with its next look at the pod, up to 15 s later. Best effort: without the right to read events the status decides.
 */
export async function watchFailures(
  client: KubeClient,
  pod: Pod,
  container: string,
  signal: AbortSignal,
  onFailure: (text: string) => void,
): Promise<void> {
  const { namespace, uid, resourceVersion } = identityOf(pod);
  const query = {
    fieldSelector: `involvedObject.uid=${uid},involvedObject.fieldPath=spec.${listOf(pod, container)}{${container}},type=Warning`,
    resourceVersion,
  };
  try {
    for await (const { object } of client.watch<CoreV1Event>(
      namespacedPath('api/v1', namespace, 'events'),
      query,
      signal,
    )) {
      if (!FAILURES.has(object.reason ?? '')) continue;
      const text = failureOf(object);
      if (text === undefined) continue;
      onFailure(text);
      return;
    }
  } catch {
    // Forbidden, too old a version, or the wait is over.
  }
}

/**
 * What an event says of a failure. The kubelet follows an event that gives the cause with one that gives the code alone
 * (`Error: ErrImageNeverPull`); either may be the first that a watch brings. `undefined`: the cause comes elsewhere. Pure.
 */
export function failureOf({ message }: CoreV1Event): string | undefined {
  const text = message?.trim() ?? '';
  return text === '' || /^Error: \w+$/.test(text) ? undefined : text;
}

/** What runc and crun say where the pod's cgroup takes no more processes. */
const NO_PROCESS =
  /can't get final child's PID from pipe|(?:fork|clone|exec|process|thread)\b.*(?:resource temporarily unavailable|EAGAIN)/i;

/** @returns one sentence for the user; `undefined` for any other failure */
export function limitHint(text: string): string | undefined {
  return NO_PROCESS.test(text)
    ? 'The process limit (pids) of the pod is probably reached; --via node measures from its node.'
    : undefined;
}

function listOf(pod: Pod, container: string): 'containers' | 'ephemeralContainers' {
  const isOwn = pod.spec?.containers.some(({ name }) => name === container) === true;
  return isOwn ? 'containers' : 'ephemeralContainers';
}
