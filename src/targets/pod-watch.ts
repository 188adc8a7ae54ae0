/** A watch on one pod that outlives the server's end of it, and connections that break. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError, UnreachableError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import type { WatchEvent } from '../kube/requests.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { errorWords } from '../model/sentence.ts';
import { identityOf } from './identity.ts';

/** Before a watch that has ended is opened again, in ms: at first, and when it has come to nothing several times. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Somebody deleted the pod that was waited for. */
export class PodDeletedError extends UserError {
  constructor(pod: string) {
    super(`pod "${pod}" was deleted in the meantime.`, 3);
  }
}

/**
 * Calls `judge` for each state of the pod until it says true. The server, or a proxy on the way, ends a watch now and then,
 * and the connection may break: it starts again where it was.
 * @param onTrouble gets why the last try failed; `undefined` once one works again
 */
export async function watchPod(
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
      onTrouble(errorWords(error));
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

/** The pod as it is now; `undefined`: there is none of that name. */
export async function podIfThere(
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
