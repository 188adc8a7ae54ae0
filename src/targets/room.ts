/**
 * How much memory a pod has left, read before anything is started in it: an ephemeral container lives in the pod's
 * cgroup, and where that is full the kernel kills the largest process of it, the application.
 */
import { discard, TextOutput } from '../channels/output.ts';
import { execStream } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { namespacedPath } from '../kube/paths.ts';
import type { Pod, PodMetrics, StatsSummary } from '../kube/types.ts';
import { identityOf } from './identity.ts';
import { memoryLimit } from './memory-limit.ts';
import { bytesOf } from './quantity.ts';

/** What is known of it, in bytes. In use is what the kernel cannot simply take back: its working set. */
export type Room =
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'known'; readonly limitBytes: number; readonly usedBytes: number }
  /** `reason` ends a sentence. */
  | { readonly kind: 'unknown'; readonly limitBytes: number; readonly reason: string };

/** Whoever takes longer is not waited for. */
const LIMIT_MS = 3000;
/**
 * An exec of cat was seen to charge 0.4 to 2.1 MiB to the pod at its peak (budget.ts has the conditions). In a pod with a
 * smaller limit no session would fit in anyway that leaves the application half of what is taken to be free.
 */
const LEAST_FOR_EXEC = 64 * 1024 ** 2;
/** A container's own memory cgroup: by version 2, then by version 1. What is not there cat leaves out. */
const FILES = ['memory.current', 'memory.stat', 'memory/memory.usage_in_bytes', 'memory/memory.stat'];
/** In characters; real ones have two thousand. */
const MAX_FILES = 65_536;

/** What one source said: bytes in use, or why it does not say. */
type Answer = { readonly usedBytes: number } | { readonly reason: string };

/**
 * Reads the room of a pod from the API; nothing is asked where it has no limit. The kubelet's numbers are the newest, but
 * take a strong right; those of metrics-server are up to a minute old.
 * @returns never rejects: what cannot be read is unknown
 */
export async function readRoom(client: KubeClient, pod: Pod, signal?: AbortSignal): Promise<Room> {
  const limitBytes = memoryLimit(pod);
  if (limitBytes === undefined) return { kind: 'unlimited' };
  const limit = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])]);
  const [kubelet, metrics] = await Promise.all([
    answer('the kubelet of its node', () => askKubelet(client, pod, limit)),
    answer('the metrics API', () => askMetrics(client, pod, limit)),
  ]);
  if ('usedBytes' in kubelet) return { kind: 'known', limitBytes, ...kubelet };
  if ('usedBytes' in metrics) return { kind: 'known', limitBytes, ...metrics };
  return { kind: 'unknown', limitBytes, reason: `${kubelet.reason}, ${metrics.reason}` };
}

/**
 * Asks the pod's containers themselves where the API does not say how much is in use: by an exec in each of them, which is
 * charged to the pod, but takes a tenth of what a session has to find free.
 * @returns never rejects
 */
export async function readRoomByExec(
  client: KubeClient,
  pod: Pod,
  room: Room,
  signal?: AbortSignal,
): Promise<Room> {
  if (room.kind !== 'unknown' || room.limitBytes < LEAST_FOR_EXEC) return room;
  const { limitBytes, reason } = room;
  const limit = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])]);
  const used = await Promise.all(
    runningContainers(pod).map((name) => askContainer(client, pod, name, limit).catch(() => undefined)),
  );
  if (used.length === 0 || used.includes(undefined)) {
    return { kind: 'unknown', limitBytes, reason: `${reason}, and its containers do not tell` };
  }
  return { kind: 'known', limitBytes, usedBytes: sum(used.map((bytes) => bytes ?? 0)) };
}

async function askContainer(
  client: KubeClient,
  pod: Pod,
  container: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { namespace, name } = identityOf(pod);
  const command = ['cat', ...FILES.map((file) => `/sys/fs/cgroup/${file}`)];
  const stdout = new TextOutput(MAX_FILES);
  const endpoint = client.execEndpoint({
    namespace,
    pod: name,
    container,
    command,
    stdin: false,
    tty: false,
  });
  await execStream(endpoint, { stdout, stderr: discard() }, { signal });
  return usedByCgroup(stdout.text);
}

/** What a container's cgroup says: its usage without the file cache, which the kernel takes back. Pure. */
export function usedByCgroup(files: string): number | undefined {
  const [first = '', ...lines] = files.split('\n');
  if (!/^\d+$/.test(first)) return undefined;
  const stat = new Map(lines.map((line) => line.split(' ', 2) as [string, string]));
  const cache = ['active_file', 'inactive_file'].map((key) => Number(stat.get(key)));
  return cache.some(Number.isNaN) ? undefined : Math.max(0, Number(first) - sum(cache));
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

/** The containers of a pod that run, ephemeral ones too. */
function runningContainers({ status }: Pod): string[] {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.filter(({ state }) => state?.running !== undefined).map(({ name }) => name);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
