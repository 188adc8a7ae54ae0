/** The input of the conntrack check. */

import type { InputContext } from '../../cluster/context.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listSome } from '../../kube/list.ts';
import { namespacedPath } from '../../kube/paths.ts';
import { type Reading, readingOf } from '../../kube/reading.ts';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import type { InputOf } from '../../model/check.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import { type Unread, unreadPart } from '../unread.ts';
import about from './about.ts';
import type check from './check.ts';
import type { VirtualService } from './facts.ts';

/** More Services than that are not compared: their list alone would be many megabytes. */
const LIMIT = 1000;
/** What is not judged without them. */
const STALE = 'stale entries (NT-CT-003) for Services';

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const { client, docker, isHost: isNode } = context.subject;
  const { watchMs } = optionsIn(context.args, about) ?? { watchMs: 0 };
  const criticalShare = thresholdsIn(context.args, about).conntrackCritical;
  if (!client) {
    // A container of Docker's has no Service whose entries could be stale; a host may be a node of a cluster.
    return { watchMs, isNode, criticalShare, ...(docker ? { services: [] } : {}) };
  }
  const input = { watchMs, isNode, criticalShare };
  const read = (namespace: string | undefined) => servicesOf(client, namespace, context.signal);
  // A node tracks connections to every Service; a pod of its own, if any, those that it talks to.
  const all = isNode ? await read(undefined) : undefined;
  if (all?.value) return { ...input, services: all.value };
  const { services, namespaces, unread } = await namespaced(client, read);
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

/** What pods talk to most: their own namespace's Services and the cluster's DNS, as far as they may be read. */
async function namespaced(
  client: KubeClient,
  read: (namespace: string) => Promise<Reading<VirtualService[]>>,
): Promise<{
  readonly services: VirtualService[];
  readonly namespaces: readonly string[];
  readonly unread: readonly Unread[];
}> {
  const asked = [...new Set([client.namespace, 'kube-system'])];
  const found = await Promise.all(asked.map(read));
  return {
    services: found.flatMap(({ value }) => value ?? []),
    namespaces: asked.filter((_namespace, i) => found[i]?.value !== undefined),
    unread: found.flatMap(({ failed }, i) =>
      failed === undefined ? [] : [{ what: `${STALE} of namespace ${asked[i]}`, reason: failed }],
    ),
  };
}

async function servicesOf(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Reading<VirtualService[]>> {
  const path = (api: string, plural: string): string =>
    namespace === undefined ? `/${api}/${plural}` : namespacedPath(api, namespace, plural);
  const [services, slices] = await Promise.all([
    readingOf(listSome<Service>(client, path('api/v1', 'services'), LIMIT, { signal }), signal),
    readingOf(
      listSome<EndpointSlice>(client, path('apis/discovery.k8s.io/v1', 'endpointslices'), LIMIT, { signal }),
      signal,
    ),
  ]);
  if (services.value === undefined) return services;
  if (slices.value === undefined) return slices;
  // A part of the endpoints would make the others look gone.
  if (!services.value.isWhole || !slices.value.isWhole)
    return { failed: `there are more than ${LIMIT} of them` };
  const { items } = slices.value;
  return { value: services.value.items.flatMap((service) => virtual(service, items)) };
}

function virtual(service: Service, slices: readonly EndpointSlice[]): VirtualService[] {
  const { name = '', namespace = '' } = service.metadata ?? {};
  const addresses = (service.spec?.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '');
  const ports = (service.spec?.ports ?? []).flatMap(({ protocol = 'TCP', port }) =>
    protocol === 'TCP' || protocol === 'UDP'
      ? [{ protocol: protocol.toLowerCase() as 'tcp' | 'udp', port }]
      : [],
  );
  // Without a selector somebody else keeps the endpoints, in ways of their own.
  if (addresses.length === 0 || service.spec?.selector === undefined) return [];
  const endpoints = slices
    .filter(
      (slice) =>
        slice.metadata?.namespace === namespace &&
        slice.metadata.labels?.['kubernetes.io/service-name'] === name,
    )
    .flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
  return [{ name, namespace, addresses, ports, endpoints }];
}
