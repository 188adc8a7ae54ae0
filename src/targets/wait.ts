/** Waits on a watch until a session's container runs, or until it is known that it will not. */

import type { KubeClient } from '../kube/client.ts';
import { advice, kubectl } from '../model/advice.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { progressOf } from './container-progress.ts';
import { statusOf } from './ephemeral.ts';
import { identityOf } from './identity.ts';
import { watchSilence } from './kubelet-silence.ts';
import { watchPod } from './pod-watch.ts';
import { pullHint } from './pull-hint.ts';
import { limitHint, watchFailures } from './start-failures.ts';

const KUBELET_HINT = 'Check on the node that its kubelet is running: systemctl status kubelet.';

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
          ? { hint: advice`A slow pull needs a longer --timeout; ${kubectl`describe pod`} shows the events.` }
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
      `container "${container}" of pod "${identityOf(pod).name}" has ended, but its kubelet did not report that within ${options.timeoutMs / 1000} s.`,
      3,
    );
  }
  return last;
}

function didNotStart(image: string, pod: Pod, container: string, text: string): UserError {
  const hint = pullHint(text, pod, container) ?? limitHint(text);
  return new UserError(
    `the container with image "${image}" did not start in pod "${identityOf(pod).name}": ${text}`,
    3,
    hint === undefined ? {} : { hint },
  );
}
