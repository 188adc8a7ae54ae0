/** Addresses that lie in the range of a node's pods, and are no pod's. */

import { podRanges } from '../../cluster/pod-ranges.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { PodRange } from '../../model/pod-range.ts';
import { bitsOf, contains, type Prefix, parsePrefix, sameAddress } from '../../parsers/ip-prefix.ts';

/** Larger clusters are not searched; as many as are read of DESTs that are addresses. */
const MOST_NODES = 1000;
/** A node has 110 pods by default. */
const MOST_PODS = 500;

/**
 * The range in which a DEST lies that is an address, where the pods of that node have their addresses from it and none has
 * this one. `undefined`: it lies in none, is a pod's, or that is not for the user to read.
 */
export async function podRangeAt(
  cluster: ClusterView,
  { host, anyPort, service, pod }: Pick<Destination, 'host' | 'anyPort' | 'service' | 'pod'>,
): Promise<PodRange | undefined> {
  const address = parsePrefix(host);
  if (service !== undefined || pod !== undefined || anyPort || address === undefined) return undefined;
  const nodes = (await cluster.nodes(MOST_NODES)).value?.items ?? [];
  const [found] = nodes.flatMap((node) =>
    podRanges(node).flatMap((range) => {
      const prefix = parsePrefix(range);
      return prefix && contains(prefix, address) ? [{ node: node.metadata?.name ?? '', range, prefix }] : [];
    }),
  );
  if (found === undefined) return undefined;
  const [holders, pods] = await Promise.all([
    cluster.podsAt(host),
    cluster.podsOnNode(found.node, MOST_PODS),
  ]);
  // The network's own address and the one after it are of interfaces of the node, where the plugin has such (cni0, flannel.1).
  if (address.value - firstOf(found.prefix) < 2n) return undefined;
  // Many network plugins keep ranges of their own, and the API's mean nothing to them.
  const isUsed = pods.value?.items.some(
    ({ spec, status }) =>
      spec?.hostNetwork !== true &&
      (status?.podIPs ?? []).some(({ ip }) => {
        const own = parsePrefix(ip);
        return own !== undefined && contains(found.prefix, own);
      }),
  );
  // The API finds pods by the first of their addresses alone: of a second family are those that the node's pods say.
  const isPods = [...(holders.value ?? []), ...(pods.value?.items ?? [])].some(({ status }) =>
    (status?.podIPs ?? []).some(({ ip }) => sameAddress(ip, host)),
  );
  if (isPods || isUsed !== true || holders.value === undefined || pods.value?.isWhole !== true)
    return undefined;
  const addresses = (
    nodes.find(({ metadata }) => metadata?.name === found.node)?.status?.addresses ?? []
  ).map((one) => one.address);
  return { node: found.node, range: found.range, nodeAddresses: addresses };
}

function firstOf({ family, value, length }: Prefix): bigint {
  const beyond = BigInt(bitsOf(family) - length);
  return (value >> beyond) << beyond;
}
