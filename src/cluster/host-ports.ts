/** Ports of nodes that pods have for themselves (hostPort), which the network plugin leads to the pod. */
import { longRunning } from '../kube/containers.ts';
import type { ClusterView } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import type { HostPort } from '../model/host-port.ts';
import type { Node, Pod } from '../model/kube-objects.ts';
import { familyOf } from './families.ts';

/** Larger clusters are not searched. */
const MOST_NODES = 1000;
/** A node has 110 pods by default. */
const MOST_PODS = 500;

/** `undefined`: it is no such port, as far as the user may read. */
export async function hostPortAt(
  cluster: ClusterView,
  { host, port, anyPort, protocol, service, pod }: Destination,
): Promise<HostPort | undefined> {
  const isAddress = /^[\d.]+$|:/.test(host);
  if (service !== undefined || pod !== undefined || anyPort || !isAddress) return undefined;
  const nodes = (await cluster.nodes(MOST_NODES)).value?.items ?? [];
  const node = nodes.find((one) => hasAddress(one, host))?.metadata?.name;
  if (node === undefined) return undefined;
  const pods = (await cluster.podsOnNode(node, MOST_PODS)).value?.items ?? [];
  return pods.filter(isReady).flatMap((one) => ownPort(one, { host, port, protocol, node }))[0];
}

function hasAddress({ status }: Node, host: string): boolean {
  return (status?.addresses ?? []).some(({ address }) => address === host);
}

/** One in its node's network listens there itself. */
function isReady({ metadata, spec, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready === true && metadata?.deletionTimestamp === undefined && spec?.hostNetwork !== true;
}

function ownPort(
  pod: Pod,
  { host, port, protocol, node }: Pick<Destination, 'host' | 'port' | 'protocol'> & { readonly node: string },
): HostPort[] {
  const address = (pod.status?.podIPs ?? [])
    .map(({ ip }) => ip)
    .find((ip) => familyOf(ip) === familyOf(host));
  const own = longRunning(pod)
    .flatMap(({ ports = [] }) => ports)
    .find((one) => String(one.hostPort) === port && (one.protocol ?? 'TCP').toLowerCase() === protocol);
  if (own === undefined || address === undefined) return [];
  const { namespace = '', name = '' } = pod.metadata ?? {};
  return [{ namespace, pod: name, node, address, port: own.containerPort }];
}
