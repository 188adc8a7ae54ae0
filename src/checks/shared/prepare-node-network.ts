/** The pod network around a node, as far as the user may read it. */

import type { InputContext } from '../../cluster/context.ts';
import { podRanges } from '../../cluster/pod-ranges.ts';
import type { ClusterView, Part, Reading } from '../../model/cluster-view.ts';
import type { Node, Pod } from '../../model/kube-objects.ts';
import type { AnnouncedTunnel, NodeNetwork } from './node-network.ts';
import type { Unread } from './unread.ts';

/** More nodes than that are not compared: a node's tables would be longer than what a probe brings back. */
const NODE_LIMIT = 1000;
/** A node has 110 pods by default; they are a sample. */
const POD_LIMIT = 500;

/** What is known of it. */
export interface ReadNetwork {
  /** `undefined`: the target is not a host, or the API does not tell. */
  readonly network: NodeNetwork | undefined;
  readonly unread: readonly Unread[];
}

/** Of a machine that belongs to no cluster: nothing is to be expected of it. */
const NONE: NodeNetwork = { podRanges: [], pods: [], others: [] };

export async function nodeNetwork({ subject }: InputContext): Promise<ReadNetwork> {
  const { cluster, node, isHost } = subject;
  if (isHost && cluster === undefined) return { network: NONE, unread: [] };
  if (cluster === undefined || node === undefined || !isHost) return { network: undefined, unread: [] };
  const [nodes, pods] = await Promise.all([cluster.nodes(NODE_LIMIT), cluster.podsOnNode(node, POD_LIMIT)]);
  const unread = [
    ...failure(nodes, 'what other nodes there are'),
    ...failure(pods, 'which pods run on the node'),
    ...(nodes.value?.isWhole === false
      ? [
          {
            what: `routes and tunnels to nodes beyond the first ${NODE_LIMIT}`,
            reason: 'the cluster has more',
          },
        ]
      : []),
  ];
  if (nodes.value === undefined) return { network: undefined, unread };
  const own = await ownNode(cluster, node, nodes.value);
  const ranges = !own.value ? [] : podRanges(own.value);
  // Without a single address of a pod nothing is known of where the node's pods are.
  const isKnown = own.value && (pods.value !== undefined || ranges.length > 0);
  return {
    unread: [...unread, ...failure(own, 'which addresses the pods of the node have')],
    network: isKnown
      ? {
          podRanges: ranges,
          pods: (pods.value?.items ?? [])
            .filter(hasOwnNetwork)
            .flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)),
          ...tunnelsPart(own.value ?? undefined),
          ...ledByPart([...(own.value ? [own.value] : []), ...nodes.value.items]),
          others: nodes.value.items.filter(({ metadata }) => metadata?.name !== node).map(otherNode),
        }
      : undefined,
  };
}

/** From the list, or on its own where the list is a part. */
async function ownNode(
  cluster: ClusterView,
  name: string,
  { items, isWhole }: Part<Node>,
): Promise<Reading<Node | null>> {
  const found = items.find(({ metadata }) => metadata?.name === name) ?? null;
  return found !== null || isWhole ? { value: found } : cluster.node(name);
}

function failure({ failed }: Reading<unknown>, what: string): Unread[] {
  return failed === undefined ? [] : [{ what, reason: failed }];
}

function otherNode(node: Node): NodeNetwork['others'][number] {
  return {
    name: node.metadata?.name ?? '',
    addresses: (node.status?.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address }) => address),
    podRanges: podRanges(node),
    ...tunnelsPart(node),
  };
}

/** Where flannel writes what other nodes make their entries from, one for each family. */
const FLANNEL_DATA = ['flannel.alpha.coreos.com/backend-data', 'flannel.alpha.coreos.com/backend-v6-data'];

function tunnelsPart(node: Node | undefined): { readonly tunnels?: readonly AnnouncedTunnel[] } {
  const tunnels = FLANNEL_DATA.flatMap((name) => announced(node?.metadata?.annotations?.[name]));
  return tunnels.length === 0 ? {} : { tunnels };
}

function announced(text: string | undefined): AnnouncedTunnel[] {
  try {
    const { VNI, VtepMAC } = JSON.parse(text ?? '{}') as { VNI?: unknown; VtepMAC?: unknown };
    return typeof VNI === 'number' && typeof VtepMAC === 'string'
      ? [{ vni: VNI, mac: VtepMAC.toLowerCase() }]
      : [];
  } catch {
    // Somebody else's words under flannel's name say nothing of a tunnel.
    return [];
  }
}

/** Of clusters on one machine, whose nodes are containers or virtual machines on one link. */
const LOCAL_PROVIDERS = /^(kind|k3s|k3d|minikube|docker|vagrant|libvirt):/;

/** A cloud's controller writes the routes to pods into its network and says so; what else a cloud does is not known here. */
function ledByPart(nodes: readonly Node[]): { readonly ledBy?: string } {
  for (const { metadata, spec, status } of nodes) {
    const name = metadata?.name ?? '';
    const isRouted = status?.conditions?.some(
      ({ type, reason }) => type === 'NetworkUnavailable' && reason === 'RouteCreated',
    );
    if (isRouted) return { ledBy: `the condition RouteCreated of ${name}` };
    const provider = spec?.providerID ?? '';
    if (provider !== '' && !LOCAL_PROVIDERS.test(provider)) return { ledBy: `the providerID of ${name}` };
  }
  return {};
}

function hasOwnNetwork({ spec, status }: Pod): boolean {
  return spec?.hostNetwork !== true && status?.phase === 'Running';
}
