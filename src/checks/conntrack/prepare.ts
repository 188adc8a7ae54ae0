/** The input of the conntrack check. */

import type { InputContext } from '../../cluster/context.ts';
import { addressesOf, clusterIps, slicesOf } from '../../cluster/services.ts';
import type { InputOf } from '../../model/check.ts';
import type { ClusterView, Reading } from '../../model/cluster-view.ts';
import type { EndpointSlice, Service } from '../../model/kube-objects.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import { type Unread, unreadPart } from '../shared/unread.ts';
import about from './about.ts';
import type check from './check.ts';
import type { HostPort, VirtualService } from './facts.ts';

/** More Services than that are not compared: their list alone would be many megabytes. */
const LIMIT = 1000;
const TOO_MANY = { failed: `there are more than ${LIMIT} of them` };
/** What is not judged without them. */
const STALE = 'stale entries (NT-CT-003) for Services';

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const { cluster, docker, isHost: isNode } = context.subject;
  const { watchMs } = optionsIn(context.args, about) ?? { watchMs: 0 };
  const criticalShare = thresholdsIn(context.args, about).conntrackCritical;
  if (!cluster) {
    // A container of Docker's has no Service whose entries could be stale; a host may be a node of a cluster.
    return { watchMs, isNode, criticalShare, ...(docker ? { services: [] } : { hasNoCluster: true }) };
  }
  const published = isNode ? await hostPorts(context) : undefined;
  const input = {
    watchMs,
    isNode,
    criticalShare,
    ...(published === undefined ? {} : { hostPorts: published, nodeAddresses: context.subject.addresses }),
  };
  // A node tracks connections to every Service; a pod of its own, if any, those that it talks to.
  const all = isNode ? await everywhere(cluster) : undefined;
  if (all?.value) return { ...input, services: all.value };
  const { services, namespaces, unread } = await namespaced(cluster);
  if (namespaces.length === 0 && unread.length === 0) return input;
  // That they may not be read is the check's own to say.
  const others =
    all?.failed === undefined ? [] : [{ what: `${STALE} of other namespaces`, reason: all.failed }];
  return {
    ...input,
    services,
    ...(all?.denied === undefined || namespaces.length === 0 ? {} : { onlyNamespaces: namespaces }),
    ...unreadPart([...unread, ...others]),
  };
}

/** A node has 110 pods by default, and 250 where that was raised. */
const MOST_PODS = 500;

/** What the pods of the node publish there by UDP; `undefined`: it may not be read. */
async function hostPorts({ subject: { cluster, node } }: InputContext): Promise<HostPort[] | undefined> {
  if (cluster === undefined || node === undefined) return undefined;
  const pods = await cluster.podsOnNode(node, MOST_PODS);
  return pods.value?.items
    .filter(({ spec, status }) => spec?.hostNetwork !== true && status?.phase === 'Running')
    .flatMap(({ metadata, spec }) =>
      (spec?.containers ?? []).flatMap(({ ports = [] }) =>
        ports.flatMap(({ protocol, hostPort, hostIP = '' }) =>
          protocol === 'UDP' && hostPort !== undefined && ['', '0.0.0.0', '::'].includes(hostIP)
            ? [{ pod: `${metadata?.namespace}/${metadata?.name}`, port: hostPort }]
            : [],
        ),
      ),
    );
}

/** What pods talk to most: their own namespace's Services and the cluster's DNS, as far as they may be read. */
async function namespaced(cluster: ClusterView): Promise<{
  readonly services: VirtualService[];
  readonly namespaces: readonly string[];
  readonly unread: readonly Unread[];
}> {
  const asked = [...new Set([cluster.namespace, 'kube-system'])];
  const found = await Promise.all(asked.map((namespace) => inNamespace(cluster, namespace)));
  return {
    services: found.flatMap(({ value }) => value ?? []),
    namespaces: asked.filter((_namespace, i) => found[i]?.value !== undefined),
    unread: found.flatMap(({ failed }, i) =>
      failed === undefined ? [] : [{ what: `${STALE} of namespace ${asked[i]}`, reason: failed }],
    ),
  };
}

/** What is read, as far as the check has to know. */
type Found = Pick<Reading<VirtualService[]>, 'value' | 'denied' | 'failed'>;

async function everywhere(cluster: ClusterView): Promise<Found> {
  const [services, slices] = await Promise.all([
    cluster.allServices(LIMIT),
    cluster.allEndpointSlices(LIMIT),
  ]);
  if (services.value === undefined) return services;
  if (slices.value === undefined) return slices;
  // A part of the endpoints would make the others look gone.
  if (!services.value.isWhole || !slices.value.isWhole) return TOO_MANY;
  return { value: allVirtual(services.value.items, slices.value.items) };
}

async function inNamespace(cluster: ClusterView, namespace: string): Promise<Found> {
  const [services, slices] = await Promise.all([
    cluster.services(namespace),
    cluster.endpointSlices(namespace),
  ]);
  if (services.value === undefined) return services;
  if (slices.value === undefined) return slices;
  if (services.value.length > LIMIT || slices.value.length > LIMIT) return TOO_MANY;
  return { value: allVirtual(services.value, slices.value) };
}

function allVirtual(services: readonly Service[], slices: readonly EndpointSlice[]): VirtualService[] {
  return services.flatMap((service) => virtual(service, slices));
}

function virtual(service: Service, slices: readonly EndpointSlice[]): VirtualService[] {
  const { name = '', namespace = '' } = service.metadata ?? {};
  const addresses = clusterIps(service);
  const ports = (service.spec?.ports ?? []).flatMap(({ protocol = 'TCP', port }) =>
    protocol === 'TCP' || protocol === 'UDP'
      ? [{ protocol: protocol.toLowerCase() as 'tcp' | 'udp', port }]
      : [],
  );
  // Without a selector somebody else keeps the endpoints, in ways of their own.
  if (addresses.length === 0 || service.spec?.selector === undefined) return [];
  const endpoints = slicesOf(service, slices).flatMap(addressesOf);
  return [{ name, namespace, addresses, ports, endpoints }];
}
