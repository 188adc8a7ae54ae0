/** Which Ingresses and routes lead requests on to the server of a URL, as far as the API says. */

import { addressesOf } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { GatewayRoute } from '../../model/gateway-api.ts';
import type { Ingress } from '../../model/kube-objects.ts';

/** By the destination's id, `Ingress shop/web`; one of them, where there are several. */
export async function frontsOf(
  { cluster }: Subject,
  asked: readonly Destination[],
): Promise<Readonly<Record<string, string>>> {
  if (cluster === undefined) return {};
  const all = await Promise.all(
    asked.map(async (one) => {
      const front = one.url === undefined ? undefined : await frontOf(cluster, one.host);
      return front === undefined ? [] : [[one.id, front] as const];
    }),
  );
  return Object.fromEntries(all.flat());
}

async function frontOf(cluster: ClusterView, host: string): Promise<string | undefined> {
  const services = await servicesAt(cluster, host);
  const [namespace] = services.map((one) => one.namespace);
  if (namespace === undefined) return undefined;
  // An Ingress leads to Services of its own namespace; a route of the Gateway API may lead to those of others.
  const [ingresses, gateways] = await Promise.all([
    cluster.ingressObjects(namespace),
    cluster.gatewayObjects(namespace),
  ]);
  const { httpRoutes = [], grpcRoutes = [] } = gateways.value ?? {};
  const is = (name: string | undefined, of: string | undefined): boolean =>
    services.some((one) => one.name === name && one.namespace === of);
  const ingress = ingresses.value?.ingresses.find(({ metadata, spec }) =>
    backendsOf(spec).some((name) => is(name, metadata?.namespace)),
  );
  if (ingress !== undefined) return nameOf('Ingress', ingress);
  const route = httpRoutes.find((one) => leadsTo(one, is));
  if (route !== undefined) return nameOf('HTTPRoute', route);
  const calls = grpcRoutes.find((one) => leadsTo(one, is));
  return calls === undefined ? undefined : nameOf('GRPCRoute', calls);
}

interface Name {
  readonly namespace: string;
  readonly name: string;
}

/** Those that a host is: by name, by cluster IP, or by the address of an endpoint in the target's namespace. */
async function servicesAt(cluster: ClusterView, host: string): Promise<readonly Name[]> {
  const own = cluster.namespace;
  if (!/^[\d.]+$|:/.test(host)) {
    const [name = '', namespace = own, svc] = host.split('.');
    if ((svc !== undefined && svc !== 'svc') || !/^[a-z0-9-]+$/.test(`${name}${namespace}`)) return [];
    const found = (await cluster.service(namespace, name)).value;
    return found ? [{ namespace, name }] : [];
  }
  const [services, slices] = await Promise.all([cluster.servicesAt(host, own), cluster.endpointSlices(own)]);
  const virtual = (services.value ?? []).map(({ metadata }) => metadata?.name);
  const behind = (slices.value ?? [])
    .filter((slice) => addressesOf(slice).includes(host))
    .map(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name']);
  return [...virtual, ...behind].flatMap((name) => (name === undefined ? [] : [{ namespace: own, name }]));
}

function backendsOf(spec: Ingress['spec']): readonly string[] {
  const all = [
    spec?.defaultBackend,
    ...(spec?.rules ?? []).flatMap(({ http }) => http?.paths.map((p) => p.backend)),
  ];
  return all.flatMap((backend) => backend?.service?.name ?? []);
}

function leadsTo(
  { metadata, spec }: GatewayRoute,
  is: (name: string, of: string | undefined) => boolean,
): boolean {
  return (spec?.rules ?? [])
    .flatMap(({ backendRefs = [] }) => backendRefs)
    .some(
      ({ kind = 'Service', name, namespace = metadata?.namespace }) =>
        kind === 'Service' && is(name, namespace),
    );
}

function nameOf(kind: string, { metadata }: Ingress | GatewayRoute): string {
  return `${kind} ${metadata?.namespace}/${metadata?.name}`;
}
