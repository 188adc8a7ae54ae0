/** Which pods may answer at a destination, as far as the API says. */
import { familyOf } from '../../cluster/families.ts';
import { unreadReason } from '../../cluster/reading.ts';
import { endpointsOf, isReady, serviceFamilies, servicePort } from '../../cluster/services.ts';
import type { ClusterView, Reading } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod, Service } from '../../model/kube-objects.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { Unread } from './unread.ts';

/** Who may answer at a destination. */
export interface Behind {
  /** Without a pod: an endpoint that is none, such as the API server's own address. */
  readonly pods: readonly { readonly pod?: Pod; readonly address: string; readonly port: number }[];
  /** It leads to pods, or may do so, and `pods` need not be all of them. */
  readonly isUnclear: boolean;
  readonly unread: readonly Unread[];
}

const NOBODY: Behind = { pods: [], isUnclear: false, unread: [] };
/** A Service of many endpoints is sampled. */
const MAX_PODS = 8;

/** @param own the namespace that a bare name is looked up in */
export async function podsBehind(
  cluster: ClusterView,
  own: string,
  destination: Destination,
): Promise<Behind> {
  const { pod, host, service } = destination;
  if (pod) return knownPod(cluster, destination, pod);
  if (service?.part === 'endpoint') return behindEndpoint(cluster, own, destination);
  // Its endpoints are destinations of their own.
  if (service) return NOBODY;
  return /^[\d.]+$|:/.test(host)
    ? behindAddress(cluster, own, destination)
    : behindName(cluster, own, destination);
}

async function knownPod(
  cluster: ClusterView,
  { host, port, ref }: Destination,
  { namespace, name }: NonNullable<Destination['pod']>,
): Promise<Behind> {
  const service =
    ref?.kind === 'service' ? (await cluster.service(ref.namespace, ref.name)).value : undefined;
  const found = await podNamed(cluster, namespace, name, service ?? undefined);
  return {
    pods: found.value ? [{ pod: found.value, address: host, port: Number(port) }] : [],
    isUnclear: found.value === undefined,
    unread: unreadOf(found, `pod ${namespace}/${name}`),
  };
}

/** The list of all that the Service selects is one request, and other checks ask for it too. */
async function podNamed(
  cluster: ClusterView,
  namespace: string,
  name: string,
  service: Service | undefined,
): Promise<Reading<Pod | null>> {
  const selector = service?.spec?.selector;
  const listed = selector === undefined ? undefined : await cluster.pods(namespace, selector);
  const found = listed?.value?.find(({ metadata }) => metadata?.name === name);
  return found === undefined ? cluster.pod(namespace, name) : { value: found };
}

async function behindAddress(cluster: ClusterView, own: string, destination: Destination): Promise<Behind> {
  const { host, port } = destination;
  const pods = await podAt(cluster, own, host);
  const { pod } = pods;
  if (pod) return { ...NOBODY, pods: [{ pod, address: host, port: Number(port) }], unread: pods.unread };
  const services = await anywhere(own, 'services', (namespace) => cluster.servicesAt(host, namespace));
  const unread = [...pods.unread, ...services.unread];
  const [service] = services.items;
  if (service) return behindService(cluster, service, destination, unread);
  return { ...NOBODY, isUnclear: unread.length > 0 && isInternal(host), unread };
}

/** An endpoint of which the Service's slices name no pod: somebody wrote it by hand, and it may be one's address. */
async function behindEndpoint(
  cluster: ClusterView,
  own: string,
  { host, port }: Pick<Destination, 'host' | 'port'>,
): Promise<Behind> {
  const found = await podAt(cluster, own, host);
  const end = { address: host, port: Number(port) };
  if (found.pod) return { ...NOBODY, pods: [{ ...end, pod: found.pod }], unread: found.unread };
  const isUnclear = found.unread.length > 0 && isInternal(host);
  return { pods: isUnclear ? [] : [end], isUnclear, unread: isUnclear ? found.unread : [] };
}

/** The one pod that has the address for its own. */
async function podAt(
  cluster: ClusterView,
  own: string,
  host: string,
): Promise<{ readonly pod: Pod | undefined; readonly unread: readonly Unread[] }> {
  const pods = await anywhere(own, 'pods', (namespace) => cluster.podsAt(host, namespace));
  // Pods in a node's network share its address: none of them is the one.
  const [pod, ...more] = pods.items.filter(
    ({ spec, status }) => spec?.hostNetwork !== true && status?.phase === 'Running',
  );
  return { pod: more.length === 0 ? pod : undefined, unread: pods.unread };
}

/** Ranges that no host on the internet has an address of (RFC 1918, 2544, 4193, 6598), as far as pods are given any. */
const INTERNAL = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '198.18.0.0/15',
  'fc00::/7',
];

function isInternal(host: string): boolean {
  const address = parsePrefix(host);
  return INTERNAL.some((range) => {
    const prefix = parsePrefix(range);
    return address !== undefined && prefix !== undefined && contains(prefix, address);
  });
}

/** In all namespaces, or in the target's own where no more may be read. */
async function anywhere<T>(
  own: string,
  plural: string,
  search: (namespace?: string) => Promise<Reading<readonly T[]>>,
): Promise<{ readonly items: readonly T[]; readonly unread: readonly Unread[] }> {
  const all = await search();
  if (all.value) return { items: all.value, unread: [] };
  const some = await search(own);
  return {
    items: some.value ?? [],
    unread: [
      ...unreadOf(all, `${plural} of other namespaces`),
      ...unreadOf(some, `${plural} of namespace ${own}`),
    ],
  };
}

/** `NAME`, `NAME.NAMESPACE` and `NAME.NAMESPACE.svc…` may be names of Services; a longer one is a host's. */
async function behindName(cluster: ClusterView, own: string, destination: Destination): Promise<Behind> {
  const [name = '', namespace = own, svc] = destination.host.split('.');
  if ((svc !== undefined && svc !== 'svc') || !/^[a-z0-9-]+$/.test(`${name}${namespace}`)) return NOBODY;
  if (svc === undefined && namespace !== own) {
    // As good as always it is a host on the internet: only where there is such a namespace it is worth a question.
    const known = await cluster.namespaceObject(namespace);
    const unread = failureOf(known, `whether ${destination.host} is a Service`);
    if (!known.value) return { ...NOBODY, isUnclear: unread.length > 0, unread };
  }
  const service = await cluster.service(namespace, name);
  const unread = unreadOf(service, `service ${namespace}/${name}`);
  return service.value
    ? behindService(cluster, service.value, destination, unread)
    : { ...NOBODY, isUnclear: unread.length > 0, unread };
}

async function behindService(
  cluster: ClusterView,
  service: Service,
  { host, port, protocol }: Destination,
  unread: readonly Unread[],
): Promise<Behind> {
  const { namespace = '', name = '' } = service.metadata ?? {};
  const wanted = servicePort(service, port, protocol);
  if (!wanted) return { pods: [], isUnclear: true, unread };
  const slices = await cluster.endpointSlices(namespace, name);
  const family = host.includes(':') ? familyOf(host) : serviceFamilies(service, slices.value ?? [])[0];
  const ready = endpointsOf(slices.value ?? [], wanted).filter((e) => isReady(e) && e.family === family);
  const found = await Promise.all(
    ready.slice(0, MAX_PODS).map(async ({ address, port, pod }): Promise<Behind> => {
      if (pod === undefined) return behindEndpoint(cluster, namespace, { host: address, port: String(port) });
      const read = await podNamed(cluster, namespace, pod, service);
      return {
        ...NOBODY,
        pods: read.value ? [{ pod: read.value, address, port }] : [],
        unread: unreadOf(read, `pod ${namespace}/${pod}`),
      };
    }),
  );
  return {
    pods: found.flatMap(({ pods }) => pods),
    isUnclear: true,
    unread: [
      ...unread,
      ...unreadOf(slices, `endpointslices of namespace ${namespace}`),
      ...found.flatMap((one) => one.unread),
    ],
  };
}

export function unreadOf(reading: Reading<unknown>, what: string): readonly Unread[] {
  return reading.error ? [{ what, reason: unreadReason(reading) }] : [];
}

/** A lack of rights is no news. */
function failureOf({ failed }: Reading<unknown>, what: string): readonly Unread[] {
  return failed === undefined ? [] : [{ what, reason: failed }];
}
