/** From the words of `matrix` to places with addresses: pods, nodes and Services, as the API has them. */
import { familyOf } from '../cluster/families.ts';
import { declaredPorts } from '../cluster/pod-ports.ts';
import { clusterIps, portsOf } from '../cluster/services.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { MatrixWord, PodTargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Node, Pod, Service } from '../model/kube-objects.ts';
import { CLOSED_PORT, type MatrixGoal, type MatrixPlace, placeKey } from '../model/matrix.ts';
import { noSuchPod, podChoice, refuseMissingNamespace, withSelector } from '../targets/resolve.ts';
import { tellingAllRights } from '../targets/target-pod.ts';
import { hasNetwork, ownerOf, ZONE } from './many-targets.ts';

/** A place, and how it is probed. */
export interface FoundPlace
  extends MatrixPlace,
    Pick<MatrixGoal, 'addresses' | 'tcpPort' | 'udpPort' | 'isVirtual'> {
  /** Without the kind. */
  readonly name: string;
  /** Why it is none. */
  readonly missing?: string;
  readonly owner?: string;
}

/** What a kubelet listens on unless its node says otherwise. */
const KUBELET = 10250;

/** How far pods are looked for. */
export interface Reach {
  readonly allNamespaces: boolean;
}

/**
 * All that the words mean, each once, sorted by zone, node, namespace and name.
 * @throws {UserError} exit 2 or 3: there is no such thing, nothing at all, or a Service without an address of its own
 */
export async function matrixPlaces(
  client: KubeClient,
  words: readonly MatrixWord[],
  reach: Reach,
  signal: AbortSignal,
): Promise<FoundPlace[]> {
  const wantsNodes = words.some(({ kind }) => kind === 'nodes' || kind === 'node');
  const nodes = await nodesOf(client, wantsNodes, signal);
  const zones = new Map(nodes.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels?.[ZONE]]));
  const found: (readonly FoundPlace[])[] = [];
  for (const word of words) found.push(await placesOf(client, word, nodes, reach, signal));
  const seen = new Set<string>();
  return found
    .flat()
    .filter((one) => !seen.has(placeKey(one)) && seen.add(placeKey(one)))
    .map((one) => withZone(one, zones))
    .sort(byPlace);
}

/**
 * A side that is not there as a whole gives no matrix.
 * @throws {UserError} exit 3: of the side's pods there is none
 */
export function refuseMissingSide(side: readonly FoundPlace[]): void {
  const [first] = side;
  if (first === undefined || side.some(({ missing }) => missing === undefined)) return;
  throw noSuchPod(first.name, first.namespace ?? '');
}

async function placesOf(
  client: KubeClient,
  word: MatrixWord,
  nodes: readonly Node[],
  { allNamespaces }: Reach,
  signal: AbortSignal,
): Promise<FoundPlace[]> {
  switch (word.kind) {
    case 'nodes':
      return nodes.map(nodePlace);
    case 'node': {
      const node = nodes.find(({ metadata }) => metadata?.name === word.name);
      if (node === undefined) throw new UserError(`no node "${word.name}".`, 3);
      return [nodePlace(node)];
    }
    case 'service':
      return [servicePlace(await readService(client, word, signal))];
    case 'pods':
      return podsMeant(client, { kind: 'selector', selector: '' }, allNamespaces, signal);
    case 'name':
    case 'selector':
      return podsMeant(client, word, allNamespaces, signal);
  }
}

function podsMeant(
  client: KubeClient,
  target: PodTargetSpec,
  allNamespaces: boolean,
  signal: AbortSignal,
): Promise<FoundPlace[]> {
  const namespace = allNamespaces ? undefined : client.namespace;
  return tellingAllRights(client, target, namespace, signal, async () => {
    const choice = await podChoice(client, target, signal);
    if ('pod' in choice) return [await onePod(client, choice.pod, signal)];
    const { selector } = choice;
    const what = selector === '' ? 'there are' : `${choice.what} has`;
    return podsOf(client, selector, what, allNamespaces, signal);
  });
}

/** Without the right to read them, pods are without zones, and nodes are none. */
async function nodesOf(client: KubeClient, areWanted: boolean, signal: AbortSignal): Promise<Node[]> {
  try {
    return await listAll<Node>(client, '/api/v1/nodes', { metadataOnly: !areWanted, signal });
  } catch (error) {
    if (!areWanted && error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

async function podsOf(
  client: KubeClient,
  selector: string,
  what: string,
  allNamespaces: boolean,
  signal: AbortSignal,
): Promise<FoundPlace[]> {
  const query: Record<string, string> = selector === '' ? {} : { labelSelector: selector };
  const path = allNamespaces ? '/api/v1/pods' : podsPath(client.namespace);
  const found = await withSelector({ selector }, () =>
    listAll<Pod, FoundPlace>(client, path, { query, signal }, (pods) =>
      pods.filter(hasNetwork).map(podPlace),
    ),
  );
  if (found.length > 0) return found;
  if (!allNamespaces) await refuseMissingNamespace(client, signal);
  const place = allNamespaces ? 'in any namespace' : `in namespace "${client.namespace}"`;
  throw new UserError(`${what} no pods that run ${place}.`, 3, {
    hint: 'Pods that have ended, or are being deleted, are not counted.',
  });
}

/** One that is not there is a row with its reason, among others that are. */
async function onePod(client: KubeClient, name: string, signal: AbortSignal): Promise<FoundPlace> {
  try {
    return podPlace(await client.get<Pod>(podsPath(client.namespace, name), { signal }));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    const { namespace } = client;
    await refuseMissingNamespace(client, signal);
    return {
      ...podPlace({ metadata: { name, namespace } }),
      missing: `there is no pod "${name}" in namespace "${namespace}"`,
    };
  }
}

async function readService(
  client: KubeClient,
  { name, namespace = client.namespace }: Extract<MatrixWord, { readonly kind: 'service' }>,
  signal: AbortSignal,
): Promise<Service> {
  try {
    return await client.get<Service>(namespacedPath('api/v1', namespace, 'services', name), { signal });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    await refuseMissingNamespace(client, signal, namespace);
    throw new UserError(`no service "${name}" in namespace "${namespace}".`, 3);
  }
}

function podPlace(pod: Pod): FoundPlace {
  const { name = '', namespace } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  const owner = ownerOf(pod);
  const all = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  const ports = declaredPorts(pod);
  const tcp = ports.find(({ protocol }) => protocol === 'TCP')?.port ?? CLOSED_PORT;
  const udp = ports.flatMap(({ protocol, port }) => (protocol === 'UDP' ? [port] : []));
  return {
    kind: 'pod',
    name,
    target: `pod/${name}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(node === undefined ? {} : { node }),
    ...(owner === undefined ? {} : { owner }),
    addresses: addressesOf(all.length > 0 || pod.status?.podIP === undefined ? all : [pod.status.podIP]),
    tcpPort: String(tcp),
    ...udpOf(pod, udp),
    isVirtual: false,
  };
}

/**
 * Of UDP servers only those of DNS answer a stranger; elsewhere a port is asked where nobody listens, and the pod's own kernel
 * refuses it. In the network of a node a firewall may drop it on purpose, and silence would say nothing.
 */
function udpOf({ spec }: Pod, declared: readonly number[]): Pick<FoundPlace, 'udpPort'> {
  if (declared.includes(53)) return { udpPort: '53' };
  return spec?.hostNetwork === true || declared.includes(Number(CLOSED_PORT)) ? {} : { udpPort: CLOSED_PORT };
}

function nodePlace({ metadata, status }: Node): FoundPlace {
  const name = metadata?.name ?? '';
  const all = (status?.addresses ?? []).flatMap(({ type, address }) =>
    type === 'InternalIP' ? [address] : [],
  );
  // As the API sends it, the port is called Port (k8s.io/api/core/v1, DaemonEndpoint).
  const kubelet = status?.daemonEndpoints?.kubeletEndpoint as { readonly Port?: number } | undefined;
  return {
    kind: 'node',
    name,
    target: `node/${name}`,
    node: name,
    addresses: addressesOf(all),
    tcpPort: String(kubelet?.Port ?? KUBELET),
    udpPort: CLOSED_PORT,
    isVirtual: false,
  };
}

function servicePlace(service: Service): FoundPlace {
  const { name = '', namespace } = service.metadata ?? {};
  const addresses = addressesOf(clusterIps(service));
  const [tcp] = portsOf(service, 'tcp');
  if (addresses.length === 0 || tcp === undefined) {
    const lacks = addresses.length === 0 ? 'no address of its own' : 'no TCP port';
    throw new UserError(
      `service "${name}" has ${lacks}, so a matrix cannot connect to it: name its pods.`,
      3,
    );
  }
  const hasDns = portsOf(service, 'udp').some(({ port }) => port === 53);
  return {
    kind: 'service',
    name,
    target: `svc/${name}`,
    ...(namespace === undefined ? {} : { namespace }),
    addresses,
    tcpPort: String(tcp.port),
    ...(hasDns ? { udpPort: '53' } : {}),
    isVirtual: true,
  };
}

/** The first one of each family. */
function addressesOf(all: readonly string[]): MatrixGoal['addresses'] {
  return ([4, 6] as const).flatMap((family) => {
    const host = all.find((address) => familyOf(address) === `IPv${family}`);
    return host === undefined ? [] : [{ family, host }];
  });
}

function withZone(place: FoundPlace, zones: ReadonlyMap<string, string | undefined>): FoundPlace {
  const zone = place.node === undefined ? undefined : zones.get(place.node);
  return zone === undefined ? place : { ...place, zone };
}

/** Services last: they are nowhere. */
function byPlace(a: FoundPlace, b: FoundPlace): number {
  const last = Number(a.kind === 'service') - Number(b.kind === 'service');
  const keys = ({ zone = '', node = '', namespace = '', name }: FoundPlace): string[] => [
    zone,
    node,
    namespace,
    name,
  ];
  const [one, other] = [keys(a), keys(b)];
  return (
    last || one.map((key, i) => order(key, other[i] ?? '')).find((n) => n !== 0) || order(a.kind, b.kind)
  );
}

/** By code units: it is the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
