/** The ways into Services from outside of the cluster: ports of nodes, addresses of load balancers, external IPs. */
import type { ClusterView, Reading } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import type { Node, Service } from '../model/kube-objects.ts';
import type { Published } from '../model/published.ts';
import { type Endpoint, endpointsOf, isReady, type ServicePort } from './services.ts';

/** Larger clusters are not searched. */
export const MOST_SERVICES = 1000;
const MOST_NODES = 1000;

/** A loopback address, or its name. */
function isLoopback(host: string): boolean {
  return /^127\.|^::1$|^localhost$/i.test(host);
}

interface Asking {
  readonly cluster: ClusterView;
  /** That the target is, or runs on. */
  readonly node: string | undefined;
  /** The target has its node's network. */
  readonly isHost: boolean;
  /** It belongs to no cluster. */
  readonly isOutside?: boolean;
}

/** `undefined`: it is no way into a Service, as far as the user may read. */
export async function publishedAt(
  asking: Asking,
  destination: Pick<Destination, 'host' | 'port' | 'protocol'> & Partial<Destination>,
): Promise<Published | undefined> {
  const { host, anyPort, service, pod } = destination;
  const isAddress = /^[\d.]+$|:/.test(host) || isLoopback(host);
  if (service !== undefined || pod !== undefined || anyPort || !isAddress) return undefined;
  const services = await servicesOf(asking.cluster);
  const found = services.flatMap((one) => waysOf(one, destination))[0];
  if (found === undefined) return services.flatMap((one) => withoutPort(asking, one, destination))[0];
  const { by, port } = found;
  const isNodes = by === 'node port' || by === 'health check';
  const node = isNodes ? await nodeAt(asking, host) : { name: asking.node };
  if (node === undefined) return undefined;
  const { namespace = '', name = '' } = found.service.metadata ?? {};
  const slices = (await asking.cluster.endpointSlices(namespace, name)).value;
  if (slices === undefined) return undefined;
  const ready = endpointsOf(slices, port).filter(isReady);
  return {
    label: labelOf(asking, found.service),
    namespace,
    name,
    by,
    ...(asking.isOutside === true ? { isOutside: true } : {}),
    ...(node.name === undefined ? {} : { node: node.name }),
    ...('instead' in node && node.instead !== undefined ? { instead: node.instead } : {}),
    ...takenHerePart(asking, found, host),
    ...(by === 'load balancer' ? proxyProtocolPart(found.service, host) : {}),
    ...(asking.isOutside === true ? await letInPart(asking.cluster, found.service) : {}),
    ...(by === 'load balancer' ? rangesPart(found.service, host) : {}),
    ...(by === 'load balancer' && asking.isOutside === true ? await passedOverPart(asking.cluster) : {}),
    isLocal: found.service.spec?.externalTrafficPolicy === 'Local',
    ready: ready.length,
    ...nodesPart(ready),
    ...behindPart(destination, port, ready),
    ...astrayPart(asking, found, { host, node: node.name, ready }),
  };
}

/** With ipMode Proxy, what is sent to the address goes to the load balancer, from nodes too (KEP-1860). */
function takenHerePart(
  { isHost, isOutside, node }: Asking,
  { by, service: { status } }: Way,
  host: string,
): { isTakenHere?: true } {
  if (!isHost || isOutside === true || node === undefined) return {};
  const own = status?.loadBalancer?.ingress?.find(({ ip }) => ip === host);
  return by === 'external IP' || (by === 'load balancer' && own?.ipMode !== 'Proxy')
    ? { isTakenHere: true }
    : {};
}

/**
 * Who translates the destination and keeps the pod's address as the source: a load balancer that takes connections itself
 * (ipMode Proxy) may, and so may another node of what it leads on to endpoints elsewhere.
 */
function astrayPart(
  { node: own, isHost, isOutside }: Asking,
  { by, service: { status } }: Way,
  {
    host,
    node,
    ready,
  }: { readonly host: string; readonly node: string | undefined; readonly ready: readonly Endpoint[] },
): Pick<Published, 'astray'> {
  // What nodes send has their own address, and answers to that come back to the node that led it on.
  if (own === undefined || isHost || isOutside === true) return {};
  const nodes = [...new Set(ready.flatMap((one) => one.node ?? []))].sort();
  const isProxied =
    by === 'load balancer' &&
    status?.loadBalancer?.ingress?.find(({ ip }) => ip === host)?.ipMode === 'Proxy';
  const isElsewhere = by === 'node port' && node !== undefined && node !== own;
  const astray = isProxied ? nodes : isElsewhere ? nodes.filter((one) => one !== node) : [];
  return astray.length === 0 ? {} : { astray: { own, nodes: astray } };
}

/** `svc/shop`, with its namespace where it is not the target's; of one that is in no cluster, always. */
function labelOf({ cluster, isOutside }: Asking, { metadata }: Service): string {
  const { namespace = '', name = '' } = metadata ?? {};
  return `svc/${name}${isOutside !== true && namespace === cluster.namespace ? '' : `.${namespace}`}`;
}

/** By policies that select its pods for certain: all labels that they ask for are in the Service's own selector. */
async function letInPart(
  cluster: ClusterView,
  { metadata, spec }: Service,
): Promise<Pick<Published, 'letIn'>> {
  const { namespace = '' } = metadata ?? {};
  const policies = (await cluster.networkPolicies(namespace)).value ?? [];
  const labels = spec?.selector ?? {};
  const letIn = policies
    .filter(({ spec: policy }) => {
      const { matchLabels = {}, matchExpressions = [] } = policy?.podSelector ?? {};
      const isIngress = policy?.policyTypes?.includes('Ingress') ?? true;
      const isSelecting = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
      return isIngress && isSelecting && matchExpressions.length === 0;
    })
    .flatMap(({ metadata: own, spec: policy }) =>
      (policy?.ingress ?? [])
        .flatMap(({ from = [] }) => from)
        .flatMap(({ ipBlock }) =>
          ipBlock === undefined
            ? []
            : [{ policy: `${namespace}/${own?.name}`, cidr: ipBlock.cidr, except: ipBlock.except ?? [] }],
        ),
    );
  return letIn.length === 0 ? {} : { letIn };
}

/** Its value does not count (KEP-1143). */
const PASSED_OVER = 'node.kubernetes.io/exclude-from-external-load-balancers';

async function passedOverPart(cluster: ClusterView): Promise<Pick<Published, 'passedOver'>> {
  const nodes = (await cluster.nodes(MOST_NODES)).value;
  if (nodes === undefined || !nodes.isWhole || nodes.items.length === 0) return {};
  const isAll = nodes.items.every(({ metadata }) => metadata?.labels?.[PASSED_OVER] !== undefined);
  return isAll ? { passedOver: nodes.items.length } : {};
}

/** With ipMode Proxy, it is the load balancer's to keep to them: it is not known whom it sees. */
function rangesPart({ spec, status }: Service, host: string): { sourceRanges?: readonly string[] } {
  if (status?.loadBalancer?.ingress?.find(({ ip }) => ip === host)?.ipMode === 'Proxy') return {};
  const { loadBalancerSourceRanges: ranges = [] } = spec ?? {};
  return ranges.length === 0 ? {} : { sourceRanges: ranges.map((one) => one.trim()) };
}

/** An address that the API has for the Service, with a port that it does not have. */
function withoutPort(asking: Asking, service: Service, { host }: Pick<Destination, 'host'>): Published[] {
  const by = whoseAddress(service, host);
  if (by === undefined) return [];
  const { namespace = '', name = '' } = service.metadata ?? {};
  return [
    {
      label: labelOf(asking, service),
      namespace,
      name,
      by,
      ...(asking.isOutside === true ? { isOutside: true } : {}),
      otherPorts: (service.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`),
      isLocal: service.spec?.externalTrafficPolicy === 'Local',
      ready: 0,
    },
  ];
}

function whoseAddress({ spec, status }: Service, host: string): 'load balancer' | 'external IP' | undefined {
  if (status?.loadBalancer?.ingress?.some(({ ip }) => ip === host)) return 'load balancer';
  return spec?.externalIPs?.includes(host) ? 'external IP' : undefined;
}

/** Of AWS, DigitalOcean, Hetzner, Linode, OpenStack, OVH, Scaleway and others: each has a key of its own. */
const PROXY_PROTOCOL = /proxy-?protocol/i;
const OFF = new Set(['', '0', 'false', 'no', 'none', 'off', 'disabled']);

/** With ipMode Proxy, connections from inside go to the load balancer too (KEP-1860). */
function proxyProtocolPart({ metadata, status }: Service, host: string): { proxyProtocol?: string } {
  const own = status?.loadBalancer?.ingress?.find(({ ip }) => ip === host);
  if (own?.ipMode === 'Proxy') return {};
  const found = Object.entries(metadata?.annotations ?? {}).find(
    ([key, value]) => PROXY_PROTOCOL.test(key) && !OFF.has(value.trim().toLowerCase()),
  );
  return found === undefined ? {} : { proxyProtocol: `${found[0]}: ${found[1]}` };
}

function nodesPart(ready: readonly Endpoint[]): { nodes?: readonly string[] } {
  const nodes = ready.map(({ node }) => node);
  return nodes.includes(undefined) ? {} : { nodes: [...new Set(nodes as string[])].sort() };
}

function behindPart(
  { host, protocol }: Pick<Destination, 'host' | 'protocol'>,
  { name }: ServicePort,
  ready: readonly Endpoint[],
): Pick<Published, 'behind'> {
  const found = ready.find(({ address }) => address.includes(':') === host.includes(':'));
  if (protocol !== 'udp' || found === undefined) return {};
  const { address, port, pod } = found;
  return {
    behind: {
      address,
      port,
      ...(pod === undefined ? {} : { pod }),
      ...(name === undefined ? {} : { portName: name }),
    },
  };
}

/** Of the target's namespace alone where no more may be read. */
async function servicesOf(cluster: ClusterView): Promise<readonly Service[]> {
  const all = await cluster.allServices(MOST_SERVICES);
  return all.value?.items ?? (await cluster.services(cluster.namespace)).value ?? [];
}

interface Way {
  readonly service: Service;
  readonly by: Published['by'];
  readonly port: ServicePort;
}

function waysOf(
  service: Service,
  { host, port, protocol }: Pick<Destination, 'host' | 'port' | 'protocol'>,
): Way[] {
  const { spec } = service;
  const own = (spec?.ports ?? []).filter((one) => (one.protocol ?? 'TCP').toLowerCase() === protocol);
  const byNode = own.find(({ nodePort }) => String(nodePort) === port);
  if (byNode) return [{ service, by: 'node port', port: byNode }];
  const [first] = spec?.ports ?? [];
  if (first && protocol === 'tcp' && String(spec?.healthCheckNodePort) === port)
    return [{ service, by: 'health check', port: first }];
  const chosen = own.find((one) => String(one.port) === port);
  if (chosen === undefined) return [];
  const by = whoseAddress(service, host);
  return by === undefined ? [] : [{ service, by, port: chosen }];
}

/** `undefined`: no node has the address. */
async function nodeAt(
  { cluster, node, isHost }: Asking,
  host: string,
): Promise<{ readonly name: string | undefined; readonly instead?: string } | undefined> {
  if (isLoopback(host)) {
    const own: Reading<Node | null> | undefined = node === undefined ? undefined : await cluster.node(node);
    const instead = own?.value ? addressesOf(own.value)[0] : undefined;
    return { name: isHost ? node : undefined, ...(instead === undefined ? {} : { instead }) };
  }
  const nodes = (await cluster.nodes(MOST_NODES)).value?.items ?? [];
  const found = nodes.find((one) => addressesOf(one).includes(host));
  return found && { name: found.metadata?.name };
}

function addressesOf({ status }: Node): string[] {
  return (status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
    .map(({ address }) => address);
}
