/** The pod network around a node, as far as the user may read it. */

import type { InputContext } from '../../cluster/context.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listSome } from '../../kube/list.ts';
import { type Reading, readingOf } from '../../kube/reading.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { NodeNetwork } from '../node-network.ts';
import type { Unread } from '../unread.ts';

/** More nodes than that are not compared: a node's tables would be longer than what a probe brings back. */
const NODE_LIMIT = 1000;
/** A node has 110 pods by default; they are a sample. */
const POD_LIMIT = 150;

/** What is known of it. */
export interface ReadNetwork {
  /** `undefined`: the target is no host, or the API does not tell. */
  readonly network: NodeNetwork | undefined;
  readonly unread: readonly Unread[];
}

/** Several checks want the same, at the same time. */
const asked = new WeakMap<InputContext, Promise<ReadNetwork>>();

/** Of a machine that belongs to no cluster: nothing is to be expected of it. */
const NONE: NodeNetwork = { podRanges: [], pods: [], others: [] };

export function nodeNetwork(context: InputContext): Promise<ReadNetwork> {
  const known = asked.get(context) ?? read(context);
  asked.set(context, known);
  return known;
}

async function read({ subject, signal }: InputContext): Promise<ReadNetwork> {
  const { client, node, isHost } = subject;
  if (isHost && client === undefined) return { network: NONE, unread: [] };
  if (client === undefined || node === undefined || !isHost) return { network: undefined, unread: [] };
  const onNode = { query: { fieldSelector: `spec.nodeName=${node}` }, stale: true, signal };
  const [nodes, pods] = await Promise.all([
    readingOf(listSome<Node>(client, '/api/v1/nodes', NODE_LIMIT, { signal }), signal),
    readingOf(listSome<Pod>(client, '/api/v1/pods', POD_LIMIT, onNode), signal),
  ]);
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
  const own = await ownNode(client, node, nodes.value, signal);
  const ranges = own.value === undefined ? [] : podRanges(own.value);
  // Without a single address of a pod nothing is known of where the node's pods are.
  const isKnown = own.value !== undefined && (pods.value !== undefined || ranges.length > 0);
  return {
    unread: [...unread, ...failure(own, 'which addresses the pods of the node have')],
    network: isKnown
      ? {
          podRanges: ranges,
          pods: (pods.value?.items ?? [])
            .filter(hasOwnNetwork)
            .flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)),
          others: nodes.value.items.filter(({ metadata }) => metadata?.name !== node).map(otherNode),
        }
      : undefined,
  };
}

/** From the list, or on its own where the list is a part. */
async function ownNode(
  client: KubeClient,
  name: string,
  { items, isWhole }: { readonly items: readonly Node[]; readonly isWhole: boolean },
  signal: AbortSignal,
): Promise<Reading<Node | undefined>> {
  const found = items.find(({ metadata }) => metadata?.name === name);
  if (found !== undefined || isWhole) return { value: found };
  return readingOf(client.get<Node>(`/api/v1/nodes/${encodeURIComponent(name)}`, { signal }), signal);
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
  };
}

function podRanges({ spec }: Node): string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
}

function hasOwnNetwork({ spec, status }: Pod): boolean {
  return spec?.hostNetwork !== true && status?.phase === 'Running';
}
