/** Waits on a watch until a session's container runs, or until it is known that it will not. */
import type { KubeClient, WatchEvent } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { CoreV1Event, Pod } from '../kube/types.ts';
import { UserError } from '../model/errors.ts';
import { statusOf } from './ephemeral.ts';
import { identityOf } from './identity.ts';
import { pullHint } from './pull-hint.ts';

/** Reasons of `waiting` that pass by themselves; every other one is the kubelet's word that it failed. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);
/** Reasons of the kubelet's events that say so too (pkg/kubelet/events): pull, pull policy, image name and start. */
const FAILURES = new Set(['Failed', 'ErrImageNeverPull', 'InspectFailed']);
/** How long a silent kubelet is waited for before its node is looked at. */
const SILENCE_MS = 5_000;

/** Somebody deleted the pod that was waited for. */
export class PodDeletedError extends UserError {
  constructor(pod: string) {
    super(`pod "${pod}" was deleted meanwhile.`, 3);
  }
}

/** Where a container stands. */
export type Progress =
  | { readonly kind: 'running' }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

/** Reads a container's progress from a pod. Pure. */
export function progressOf(pod: Pod, container: string): Progress {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    return {
      kind: 'failed',
      text: `the pod has ended meanwhile (${[phase, pod.status?.reason, pod.status?.message].filter(Boolean).join(', ')})`,
    };
  }
  if (pod.metadata?.deletionTimestamp !== undefined)
    return { kind: 'failed', text: 'the pod is being deleted' };
  const status = statusOf(pod, container);
  const { running, waiting, terminated } = status?.state ?? {};
  if (running) return { kind: 'running' };
  if (terminated) {
    const detail = terminated.message ?? `exit code ${terminated.exitCode}`;
    return { kind: 'failed', text: `${terminated.reason ?? 'ended'}: ${detail.trim()}` };
  }
  if (waiting?.reason && !PASSING.has(waiting.reason)) {
    return {
      kind: 'failed',
      text: `${waiting.reason}: ${(waiting.message ?? 'the kubelet gives no message').trim()}`,
    };
  }
  return {
    kind: 'waiting',
    text: waiting?.reason ?? (status ? 'created' : 'the kubelet has not reported yet'),
  };
}

/**
 * Resolves when the container runs.
 * @param pod the pod as the patch returned it: the watch goes on from its version
 * @throws {UserError} exit 3, with the kubelet's own reason
 */
export async function waitRunning(
  client: KubeClient,
  pod: Pod,
  container: string,
  image: string,
  options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress: (text: string) => void;
  },
): Promise<void> {
  const place = identityOf(pod);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const silence = silenceWatch(client, pod);
  const events = new AbortController();
  const signal = AbortSignal.any([
    deadline,
    silence.signal,
    events.signal,
    ...(options.signal ? [options.signal] : []),
  ]);
  void watchFailures(client, pod, container, signal, (text) => {
    events.abort(didNotStart(image, pod, container, text));
  });
  let last = 'the kubelet has not reported yet';
  const judge = (current: Pod): boolean => {
    const progress = progressOf(current, container);
    if (progress.kind === 'failed') {
      throw didNotStart(image, pod, container, progress.text);
    }
    if (statusOf(current, container)) silence.stop();
    if (progress.kind === 'running') return true;
    last = progress.text;
    options.onProgress(progress.text);
    return false;
  };
  try {
    if (judge(pod)) return;
    await watchPod(client, pod, signal, judge);
  } catch (error) {
    if (deadline.aborted && error === deadline.reason) {
      throw new UserError(
        `the container with image "${image}" did not start in pod "${place.name}" within ${options.timeoutMs / 1000} s (last seen: ${last}).`,
        3,
        { hint: 'A slow pull needs a longer --timeout; kubectl describe pod shows the events.' },
      );
    }
    throw error;
  } finally {
    silence.stop();
    events.abort(new Error('the wait is over'));
  }
}

/**
 * Resolves to the pod as it is when the kubelet has reported that a container ended.
 * @throws {UserError} exit 3: it does not report that within the time, or the pod is gone
 */
export async function waitEnded(
  client: KubeClient,
  pod: Pod,
  container: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Pod> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([deadline, ...(options.signal ? [options.signal] : [])]);
  let last = pod;
  try {
    await watchPod(client, pod, signal, (current) => {
      last = current;
      return statusOf(current, container)?.state?.terminated !== undefined;
    });
  } catch (error) {
    if (!deadline.aborted || error !== deadline.reason) throw error;
    throw new UserError(
      `container "${container}" of pod "${identityOf(pod).name}" has ended, but its kubelet has not reported that within ${options.timeoutMs / 1000} s.`,
      3,
    );
  }
  return last;
}

function didNotStart(image: string, pod: Pod, container: string, text: string): UserError {
  const hint = pullHint(text, pod, container);
  return new UserError(
    `the container with image "${image}" did not start in pod "${identityOf(pod).name}": ${text}`,
    3,
    hint === undefined ? {} : { hint },
  );
}

/**
 * Tells the first failure that the kubelet reports as an event. It writes the event at once and the pod's status only
 * with its next look at the pod, up to 15 s later. Best effort: without the right to read events the status decides.
 */
async function watchFailures(
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
      if (FAILURES.has(object.reason ?? '')) {
        onFailure((object.message ?? 'the kubelet gives no message').trim());
        return;
      }
    }
  } catch {
    // Forbidden, too old a version, or the wait is over.
  }
}

function listOf(pod: Pod, container: string): 'containers' | 'ephemeralContainers' {
  const isOwn = pod.spec?.containers.some(({ name }) => name === container) === true;
  return isOwn ? 'containers' : 'ephemeralContainers';
}

/** Calls `judge` for each state of the pod until it says true. The server ends a watch now and then: it starts again. */
async function watchPod(
  client: KubeClient,
  pod: Pod,
  signal: AbortSignal,
  judge: (pod: Pod) => boolean,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = identityOf(pod);
  let version = resourceVersion;
  for (;;) {
    signal.throwIfAborted();
    const query = { fieldSelector: `metadata.name=${name}`, resourceVersion: version };
    try {
      for await (const event of client.watch<Pod>(podsPath(namespace), query, signal) as AsyncIterable<
        WatchEvent<Pod>
      >) {
        if (event.type === 'DELETED') throw new PodDeletedError(name);
        version = event.object.metadata?.resourceVersion ?? version;
        if (event.type !== 'BOOKMARK' && judge(event.object)) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      // 410: the version is too old to go on from, as that of any pod is which nothing has changed for some minutes.
      // So its own is of no use, however new the answer: without one the watch begins with the pod as it is.
      if (!(error instanceof ApiError) || error.status !== 410) throw error;
      const current = await podIfThere(client, namespace, name, signal);
      if (current === undefined || identityOf(current).uid !== uid) throw new PodDeletedError(name);
      version = '';
      if (judge(current)) return;
    }
  }
}

async function podIfThere(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  try {
    return await client.get<Pod>(podsPath(namespace, name), { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** After a while without a word of the kubelet, aborts with the node's own story if it is not ready. */
function silenceWatch(client: KubeClient, pod: Pod): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => void look(), SILENCE_MS);
  async function look(): Promise<void> {
    const node = pod.spec?.nodeName;
    if (node === undefined) return;
    try {
      const { status } = await client.get<{
        status?: { conditions?: { type: string; status: string; message?: string }[] };
      }>(`/api/v1/nodes/${encodeURIComponent(node)}`);
      const ready = status?.conditions?.find((c) => c.type === 'Ready');
      if (ready && ready.status !== 'True') {
        controller.abort(
          new UserError(
            `node "${node}" of pod "${pod.metadata?.name}" is not ready: ${ready.message ?? 'no reason given'}`,
            3,
          ),
        );
      }
    } catch {
      // Without the right to read nodes the time limit is what ends the wait.
    }
  }
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
