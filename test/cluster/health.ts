/** What makes the cluster healthy, as a list of what is missing. */
import { apiList, apiObject, isTrue } from './api.ts';
import { type DaemonRecord, daemonRecords, isAlive, logTail } from './daemons.ts';
import { kubeconfig, kubectlPath, nodes } from './paths.ts';
import { attempt } from './proc.ts';

/** All daemons of a whole cluster. */
export const daemonNames: readonly string[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  ...nodes.flatMap((node) => ['containerd', 'kubelet', 'kube-proxy'].map((part) => `${node.name}-${part}`)),
];

/** The record of each expected daemon; undefined for one that never started. */
export function expectedDaemons(): Map<string, DaemonRecord | undefined> {
  const records = daemonRecords();
  return new Map(daemonNames.map((name) => [name, records.find((record) => record.name === name)]));
}

/** Names the daemons that do not run. */
export function deadDaemons(): string[] {
  return [...expectedDaemons()].filter(([, record]) => !record || !isAlive(record)).map(([name]) => name);
}

/** Throws with the end of its log when a daemon that was started has ended. */
export function assertDaemonsLive(): void {
  const ended = daemonRecords().find((record) => !isAlive(record));
  if (ended) throw new Error(`${ended.name} ended by itself; its log ends with\n${logTail(ended.name)}`);
}

const deployments = [
  { namespace: 'kube-system', name: 'coredns' },
  { namespace: 'default', name: 'web' },
];
const pods = [
  { namespace: 'locked', name: 'locked' },
  { namespace: 'baseline', name: 'baseline' },
];

/** Names nodes that are not Ready and workloads that are not complete; asks the API server. */
export async function missingObjects(): Promise<string[]> {
  const missing: string[] = [];
  const found = await apiList('/api/v1/nodes');
  for (const { name } of nodes) {
    if (
      !isTrue(
        found.find((node) => node.metadata.name === name),
        'Ready',
      )
    )
      missing.push(name);
  }
  for (const { namespace, name } of deployments) {
    const one = await apiObject(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    if (!one || (one.status?.readyReplicas ?? 0) < (one.spec?.replicas ?? 1))
      missing.push(`deployment ${name}`);
  }
  for (const { namespace, name } of pods) {
    if (!isTrue(await apiObject(`/api/v1/namespaces/${namespace}/pods/${name}`), 'Ready')) {
      missing.push(`pod ${name}`);
    }
  }
  return missing;
}

const script = `nslookup web.default.svc.cluster.local >/dev/null && timeout 5 wget -qO- http://web/ >/dev/null`;

/**
 * Runs a DNS query and a request to a Service in each `web` pod: proves exec, DNS and Services on each node.
 * @returns what failed
 */
export async function failingPaths(): Promise<string[]> {
  const selector = '/api/v1/namespaces/default/pods?labelSelector=app%3Dweb';
  const running = (await apiList(selector)).filter((pod) => isTrue(pod, 'Ready'));
  const results = await Promise.all(
    nodes.map(async ({ name }) => {
      const pod = running.find((one) => one.spec?.nodeName === name);
      if (!pod) return [`no web pod on ${name}`];
      const argv = [kubectlPath(), '--kubeconfig', kubeconfig, '--request-timeout=10s'];
      const result = await attempt([...argv, 'exec', pod.metadata.name, '--', 'sh', '-c', script]);
      return result.code === 0 ? [] : [`${name}: DNS or Service web fails: ${result.stderr.trim()}`];
    }),
  );
  return results.flat();
}
