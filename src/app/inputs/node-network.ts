/** The pod network around a node, as far as the user may read it. */
import type { NodeNetwork } from '../../checks/node-network.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { InputContext } from './context.ts';

/** More nodes than that are not compared: a node's tables would be longer than what a probe brings back. */
const NODE_LIMIT = '1000';
/** A node has 110 pods by default. */
const POD_LIMIT = '150';

/** Several checks want the same, at the same time. */
const asked = new WeakMap<InputContext, Promise<NodeNetwork | undefined>>();

/** Of a machine that belongs to no cluster: nothing is to be expected of it. */
const NONE: NodeNetwork = { podRanges: [], pods: [], others: [] };

/** `undefined`: the target is no host, or the nodes may not be listed. */
export function nodeNetwork(context: InputContext): Promise<NodeNetwork | undefined> {
  const known = asked.get(context) ?? read(context);
  asked.set(context, known);
  return known;
}

async function read({ subject, signal }: InputContext): Promise<NodeNetwork | undefined> {
  const { client, node, isHost } = subject;
  if (isHost && client === undefined) return NONE;
  if (client === undefined || node === undefined || !isHost) return undefined;
  const [nodes, pods] = await Promise.all([
    list<Node>(client, '/api/v1/nodes', { limit: NODE_LIMIT }, signal),
    list<Pod>(client, '/api/v1/pods', { fieldSelector: `spec.nodeName=${node}`, limit: POD_LIMIT }, signal),
  ]);
  const own = nodes?.find(({ metadata }) => metadata?.name === node);
  if (nodes === undefined || own === undefined) return undefined;
  return {
    podRanges: podRanges(own),
    pods: (pods ?? [])
      .filter(hasOwnNetwork)
      .flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)),
    others: nodes
      .filter((other) => other !== own)
      .map((other) => ({
        name: other.metadata?.name ?? '',
        addresses: (other.status?.addresses ?? [])
          .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
          .map(({ address }) => address),
        podRanges: podRanges(other),
      })),
  };
}

function podRanges({ spec }: Node): string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
}

function hasOwnNetwork({ spec, status }: Pod): boolean {
  return spec?.hostNetwork !== true && status?.phase === 'Running';
}

/** `undefined`: they may not be read. */
async function list<T>(
  client: KubeClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly T[] | undefined> {
  try {
    return (await client.get<{ items: T[] }>(path, { query, signal })).items;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
