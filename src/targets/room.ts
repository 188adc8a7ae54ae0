/**
 * How much memory a pod has left, read before anything is started in it: an ephemeral container lives in the pod's
 * cgroup, and where that is full the kernel kills the largest process of it, the application.
 */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { namespacedPath } from '../kube/paths.ts';
import type { Pod, PodMetrics, StatsSummary } from '../model/kube-objects.ts';
import { identityOf } from './identity.ts';
import { podLimit } from './pod-limit.ts';
import { bytesOf } from './quantity.ts';

/** What is known of it, in bytes. In use is what the kernel does not take back before anything else: the working set. */
export type Room =
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'known'; readonly limitBytes: number; readonly usedBytes: number }
  /** `reason` ends a sentence. */
  | { readonly kind: 'unknown'; readonly limitBytes: number; readonly reason: string };

/** Whoever takes longer is not waited for. */
export const ROOM_LIMIT_MS = 3000;

/** What one source said: bytes in use, or why it does not say. */
type Answer = { readonly usedBytes: number } | { readonly reason: string };

/**
 * Reads the room of a pod from the API; nothing is asked where it has no limit. The kubelet's numbers are the newest, but
 * take a strong right; those of metrics-server are up to a minute old.
 * @returns never rejects: what cannot be read is unknown
 */
export async function readRoom(client: KubeClient, pod: Pod, signal?: AbortSignal): Promise<Room> {
  const limitBytes = podLimit(pod, 'memory');
  if (limitBytes === undefined) return { kind: 'unlimited' };
  const limit = AbortSignal.any([AbortSignal.timeout(ROOM_LIMIT_MS), ...(signal ? [signal] : [])]);
  const [kubelet, metrics] = await Promise.all([
    answer('the kubelet of its node', () => askKubelet(client, pod, limit)),
    answer('the metrics API', () => askMetrics(client, pod, limit)),
  ]);
  if ('usedBytes' in kubelet) return { kind: 'known', limitBytes, ...kubelet };
  if ('usedBytes' in metrics) return { kind: 'known', limitBytes, ...metrics };
  return { kind: 'unknown', limitBytes, reason: `${kubelet.reason}, ${metrics.reason}` };
}

async function answer(who: string, ask: () => Promise<number | undefined>): Promise<Answer> {
  try {
    const usedBytes = await ask();
    return usedBytes === undefined ? { reason: `${who} does not know the pod` } : { usedBytes };
  } catch (error) {
    if (!(error instanceof ApiError)) return { reason: `${who} does not answer` };
    if (error.status === 403) return { reason: `${who} may not be asked` };
    return { reason: error.status === 404 ? `${who} does not know the pod` : `${who} does not answer` };
  }
}

async function askKubelet(client: KubeClient, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
  const node = encodeURIComponent(pod.spec?.nodeName ?? '');
  const query = { only_cpu_and_memory: 'true' };
  const path = `/api/v1/nodes/${node}/proxy/stats/summary`;
  return usedBySummary(await client.get<StatsSummary>(path, { query, signal }), pod);
}

async function askMetrics(client: KubeClient, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
  const { namespace, name } = identityOf(pod);
  const path = namespacedPath('apis/metrics.k8s.io/v1beta1', namespace, 'pods', name);
  return usedByMetrics(await client.get<PodMetrics>(path, { signal }));
}

/**
 * What the kubelet says: the larger of the whole pod's number, which has its volumes in memory too, and the sum of its
 * containers'. The first one is up to 15 s old, and 0 before it was taken; those of the containers come from the runtime,
 * at once. `undefined` where neither is there. Pure.
 */
export function usedBySummary({ pods = [] }: StatsSummary, pod: Pod): number | undefined {
  // By name: the kubelet knows a static pod by another uid than the API does.
  const { namespace, name } = identityOf(pod);
  const found = pods.find(({ podRef }) => podRef?.namespace === namespace && podRef.name === name);
  const all = found?.containers?.map(({ memory }) => memory?.workingSetBytes ?? 0) ?? [];
  const used = Math.max(found?.memory?.workingSetBytes ?? 0, sum(all));
  return used > 0 ? used : undefined;
}

/** What metrics-server says, summed up; `undefined` where a container has no number. Pure. */
export function usedByMetrics({ containers = [] }: PodMetrics): number | undefined {
  const used = containers.map(({ usage }) => bytesOf(usage?.memory));
  if (used.length === 0 || used.includes(undefined)) return undefined;
  return sum(used.map((bytes) => bytes ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
