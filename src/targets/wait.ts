/** Waits on a watch until a session's container runs, or until it is known that it will not. */
import type { KubeClient, WatchEvent } from '../kube/client.ts';
import { ApiError, UnreachableError } from '../kube/errors.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import { UserError } from '../model/errors.ts';
import type { CoreV1Event, Pod } from '../model/kube-objects.ts';
import { statusOf } from './ephemeral.ts';
import { identityOf } from './identity.ts';
import { pullHint } from './pull-hint.ts';

/** Reasons of `waiting` that pass by themselves; every other one is the kubelet's word that it failed. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);
/** Reasons of the kubelet's events that say so too (pkg/kubelet/events): pull, pull policy, image name and start. */
const FAILURES = new Set(['Failed', 'ErrImageNeverPull', 'InspectFailed']);
/** How long a container may take to start before its node is looked at, and how often it is then. */
const SILENCE_MS = 5_000;
/** A kubelet that does not renew its lease for this long, twice and a half its time, is stopped or cut off. */
const KUBELET_SILENT_MS = 25_000;
const KUBELET_HINT = 'See on the node whether its kubelet runs: systemctl status kubelet.';

/** Before a watch that has ended is opened again, in ms: at first, and when it has come to nothing several times. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

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
  const silence = watchSilence(client, pod);
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
  let trouble: string | undefined;
  const judge = (current: Pod): boolean => {
    const progress = progressOf(current, container);
    if (progress.kind === 'failed') {
      throw didNotStart(image, pod, container, progress.text);
    }
    if (progress.kind === 'running') return true;
    last = progress.text;
    options.onProgress(progress.text);
    return false;
  };
  try {
    if (judge(pod)) return;
    await watchPod(client, pod, signal, judge, (text) => {
      trouble = text;
    });
  } catch (error) {
    if (deadline.aborted && error === deadline.reason) {
      const limit = `within ${options.timeoutMs / 1000} s`;
      if (trouble !== undefined) {
        throw new UserError(
          `it is not known whether the container with image "${image}" started in pod "${place.name}" ${limit}: ${trouble} (last seen: ${last}).`,
          3,
        );
      }
      const silent = silence.silentKubelet();
      throw new UserError(
        `the container with image "${image}" did not start in pod "${place.name}" ${limit}${silent === undefined ? '' : `: ${silent}`} (last seen: ${last}).`,
        3,
        silent === undefined
          ? { hint: 'A slow pull needs a longer --timeout; kubectl describe pod shows the events.' }
          : { hint: KUBELET_HINT },
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

function listOf(pod: Pod, container: string): 'containers' | 'ephemeralContainers' {
  const isOwn = pod.spec?.containers.some(({ name }) => name === container) === true;
  return isOwn ? 'containers' : 'ephemeralContainers';
}

/**
 * Calls `judge` for each state of the pod until it says true. The server, or a proxy on the way, ends a watch now and then,
 * and the connection may break: it starts again where it was.
 * @param onTrouble told what the last try failed of; `undefined` once one works again
 */
async function watchPod(
  client: KubeClient,
  pod: Pod,
  signal: AbortSignal,
  judge: (pod: Pod) => boolean,
  onTrouble: (text: string | undefined) => void = () => undefined,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = identityOf(pod);
  let version = resourceVersion;
  let isTooOld = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      // The pod's own version is of no use then, however new the answer: without one the watch begins with the pod as it is.
      if (isTooOld) {
        const current = await podIfThere(client, namespace, name, signal);
        if (current === undefined || identityOf(current).uid !== uid) throw new PodDeletedError(name);
        version = '';
        isTooOld = false;
        if (judge(current)) return;
      }
      const query = { fieldSelector: `metadata.name=${name}`, resourceVersion: version };
      for await (const event of client.watch<Pod>(podsPath(namespace), query, signal) as AsyncIterable<
        WatchEvent<Pod>
      >) {
        if (event.type === 'DELETED') throw new PodDeletedError(name);
        version = event.object.metadata?.resourceVersion ?? version;
        pause = FIRST_PAUSE_MS;
        if (event.type !== 'BOOKMARK' && judge(event.object)) return;
      }
      onTrouble(undefined);
    } catch (error) {
      signal.throwIfAborted();
      // 410: the version is too old to go on from, as that of any pod is which nothing has changed for some minutes.
      isTooOld = error instanceof ApiError && error.status === 410;
      if (isTooOld && version !== '') continue;
      if (!isTooOld && !mayPass(error)) throw error;
      onTrouble(error instanceof Error ? error.message.replace(/\.$/, '') : String(error));
    }
    await jittered(pause, signal);
  }
}

/** No answer, one that broke off, or a server in trouble. */
function mayPass(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429);
}

/** Between a half and the whole of it, so that many clients do not come back at the same moment. Ends with the signal. */
function jittered(pauseMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, pauseMs * (0.5 + Math.random() / 2));
    signal.addEventListener('abort', done);
  });
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

/** What says whether a node's kubelet is alive while a container does not start. */
interface SilenceWatch {
  /** Aborts with the node's own story once it is not ready. */
  readonly signal: AbortSignal;
  /** Says that the kubelet gives no sign of life; `undefined`: it does, or that is not known. */
  silentKubelet(): string | undefined;
  stop(): void;
}

/**
 * Looks at the pod's node again and again. The API server calls a node ready for 40 s or longer after its kubelet was
 * stopped; the kubelet renews its lease every 10 s (KEP-589), so one that stays as it is tells earlier.
 */
function watchSilence(client: KubeClient, pod: Pod): SilenceWatch {
  const controller = new AbortController();
  const node = pod.spec?.nodeName;
  const timer = setInterval(() => void look(), SILENCE_MS);
  let renewed: { readonly at: string; readonly seenMs: number } | undefined;
  let latestMs = 0;
  async function look(): Promise<void> {
    if (node === undefined) return;
    await Promise.all([lookAtNode(node), lookAtLease(node)]);
  }
  async function lookAtNode(name: string): Promise<void> {
    try {
      const { status } = await client.get<{
        status?: { conditions?: { type: string; status: string; message?: string }[] };
      }>(`/api/v1/nodes/${encodeURIComponent(name)}`);
      const ready = status?.conditions?.find((c) => c.type === 'Ready');
      if (ready && ready.status !== 'True') {
        controller.abort(
          new UserError(
            `node "${name}" of pod "${pod.metadata?.name}" is not ready: ${ready.message ?? 'no reason given'}`,
            3,
          ),
        );
      }
    } catch {
      // Without the right to read nodes the time limit is what ends the wait.
    }
  }
  async function lookAtLease(name: string): Promise<void> {
    try {
      const path = namespacedPath('apis/coordination.k8s.io/v1', 'kube-node-lease', 'leases', name);
      const at = (await client.get<{ spec?: { renewTime?: string } }>(path)).spec?.renewTime;
      latestMs = performance.now();
      if (at !== undefined && at !== renewed?.at) renewed = { at, seenMs: latestMs };
    } catch {
      // Nor without the right to read leases.
    }
  }
  return {
    signal: controller.signal,
    // Between two looks of this machine, whatever the clock of the node says.
    silentKubelet: () =>
      renewed !== undefined && latestMs - renewed.seenMs >= KUBELET_SILENT_MS
        ? `the kubelet of node "${node}" has given no sign of life for ${Math.round((latestMs - renewed.seenMs) / 1000)} s or longer`
        : undefined,
    stop: () => clearInterval(timer),
  };
}
