/** The input of the conntrack check. */
import { conntrack } from '../../checks/conntrack/check.ts';
import type { VirtualService } from '../../checks/conntrack/facts.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import { namespacedPath } from '../../kube/paths.ts';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import type { InputContext } from './context.ts';

/** More Services than that are not compared: their list alone would be many megabytes. */
const LIMIT = '1000';

export async function prepareConntrack(context: InputContext): Promise<PreparedCheck> {
  const { client, docker, isHost: isNode } = context.subject;
  const { watchMs = 0 } = context.args.conntrack ?? {};
  const criticalShare = context.args.thresholds.conntrackCritical;
  if (!client) {
    // A container of Docker's has no Service whose entries could be stale; a host may be a node of a cluster.
    return prepared(conntrack, { watchMs, isNode, criticalShare, ...(docker ? { services: [] } : {}) });
  }
  const read = (namespace: string | undefined) => servicesOf(client, namespace, context.signal);
  // A node tracks connections to every Service; a pod of its own, if any, those that it talks to.
  const all = isNode ? await read(undefined) : undefined;
  const input = { watchMs, isNode, criticalShare };
  if (all) return prepared(conntrack, { ...input, services: all });
  const { services, namespaces } = await namespaced(client, read);
  if (namespaces.length === 0) return prepared(conntrack, input);
  return prepared(conntrack, { ...input, services, ...(isNode ? { onlyNamespaces: namespaces } : {}) });
}

/** What pods talk to most: their own namespace's Services and the cluster's DNS, as far as they may be read. */
async function namespaced(
  client: KubeClient,
  read: (namespace: string) => Promise<VirtualService[] | undefined>,
): Promise<{ readonly services: VirtualService[]; readonly namespaces: readonly string[] }> {
  const asked = [...new Set([client.namespace, 'kube-system'])];
  const found = await Promise.all(asked.map(read));
  return {
    services: found.flatMap((services) => services ?? []),
    namespaces: asked.filter((_namespace, i) => found[i] !== undefined),
  };
}

/** `undefined`: they may not be read. */
async function servicesOf(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<VirtualService[] | undefined> {
  const path = (api: string, plural: string): string =>
    namespace === undefined ? `/${api}/${plural}` : namespacedPath(api, namespace, plural);
  const query = { limit: LIMIT };
  try {
    const [services, slices] = await Promise.all([
      client.get<{ items: Service[] }>(path('api/v1', 'services'), { query, signal }),
      client.get<{ items: EndpointSlice[] }>(path('apis/discovery.k8s.io/v1', 'endpointslices'), {
        query,
        signal,
      }),
    ]);
    // A part of the endpoints would make the others look gone.
    if (isCut(slices)) return undefined;
    return services.items.flatMap((service) => virtual(service, slices.items));
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function isCut(list: object): boolean {
  const { metadata } = list as { readonly metadata?: { readonly continue?: string } };
  return (metadata?.continue ?? '') !== '';
}

function virtual(service: Service, slices: readonly EndpointSlice[]): VirtualService[] {
  const { name = '', namespace = '' } = service.metadata ?? {};
  const addresses = (service.spec?.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '');
  const ports = (service.spec?.ports ?? []).flatMap(({ protocol = 'TCP', port }) =>
    protocol === 'TCP' || protocol === 'UDP'
      ? [{ protocol: protocol.toLowerCase() as 'tcp' | 'udp', port }]
      : [],
  );
  // Without a selector somebody else keeps the endpoints, in ways of his own.
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
