/** Whether a node's kubelet is alive, while a container does not start. */
import type { KubeClient } from '../kube/client.ts';
import { namespacedPath } from '../kube/paths.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';

/** How long a container may take to start before its node is looked at, and how often it is then. */
const SILENCE_MS = 5_000;
/** A kubelet that does not renew its lease for this long, twice and a half its time, is stopped or cut off. */
const KUBELET_SILENT_MS = 25_000;

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
export function watchSilence(client: KubeClient, pod: Pod): SilenceWatch {
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
        ? `the kubelet of node "${node}" has shown no sign of life for ${Math.round((latestMs - renewed.seenMs) / 1000)} s or longer`
        : undefined,
    stop: () => clearInterval(timer),
  };
}
