/** Pods with an address outside of their node's ranges, in a cluster that leads packets to pods by these. */

import { podRanges } from '../../cluster/pod-ranges.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { Destination } from '../../model/destination.ts';
import type { Node, Pod } from '../../model/kube-objects.ts';
import type { StrayPod } from '../../model/stray-pod.ts';
import { contains, type Prefix, parsePrefix, sameAddress } from '../../parsers/ip-prefix.ts';

/** As many as are read of DESTs that are addresses. */
const MOST_NODES = 1000;
const MOST_PODS = 500;

/** Plugins that give addresses from ranges of their own and say so in the condition NetworkUnavailable. */
const OWN_RANGES = /^(Calico|Cilium|Weave)IsUp$/;
/** Plugins that note on the Node which ranges they use, whatever spec.podCIDRs has. */
const OWN_RANGES_NOTE = /^(projectcalico\.org|network\.cilium\.io|k8s\.ovn\.org|ovn\.kubernetes\.io)\//;

/**
 * The pod that a DEST is, where it runs on another node than the target, its address is in none of its node's ranges, and
 * the pods on both nodes show that ranges are kept to. `undefined`: it is none such, or that is not known. Pods are listed
 * only where the address lies outside of its node's ranges, and the target's own in those of its node.
 */
export async function strayPodAt(
  { cluster, pod: own, node: from, isHost, addresses }: Subject,
  { host, service, pod: named }: Destination,
): Promise<StrayPod | undefined> {
  const address = parsePrefix(host);
  if (cluster === undefined || from === undefined || named === undefined || address === undefined)
    return undefined;
  // An endpoint without a node is not asked for: there may be many.
  const name =
    service === undefined
      ? (await cluster.pod(named.namespace, named.name)).value?.spec?.nodeName
      : service.node;
  if (name === undefined || name === from) return undefined;
  const [node, ownNode] = (await Promise.all([cluster.node(name), cluster.node(from)])).map(
    ({ value }) => value,
  );
  if (!node || !ownNode || hasOwnRanges(node) || hasOwnRanges(ownNode)) return undefined;
  const ranges = rangesOf(node, address);
  const ownRanges = rangesOf(ownNode, address);
  if (ranges.length === 0 || ownRanges.length === 0 || isIn(ranges, address)) return undefined;
  const isSenderInRange = addresses.some((text) => isIn(ownRanges, parsePrefix(text)));
  if (own !== undefined && !isHost && !isSenderInRange) return undefined;
  const [there, here, nodes] = await Promise.all([
    cluster.podsOnNode(name, MOST_PODS),
    cluster.podsOnNode(from, MOST_PODS),
    cluster.nodes(MOST_NODES),
  ]);
  if (!there.value || !here.value || nodes.value?.isWhole !== true) return undefined;
  // An EndpointSlice may have an address of a second network, which the API does not know as the pod's.
  const isPods = there.value.items.some(
    ({ metadata, spec, status }) =>
      metadata?.namespace === named.namespace &&
      metadata.name === named.name &&
      spec?.hostNetwork !== true &&
      status?.podIPs?.some(({ ip }) => sameAddress(ip, host)) === true,
  );
  const mine = addressesOf(here.value.items, address);
  const kept = mine.filter((one) => isIn(ownRanges, one)).length;
  if (!isPods || kept === 0 || kept < mine.length) return undefined;
  const neighbours = addressesOf(there.value.items, address).filter((one) => isIn(ranges, one)).length;
  const shownBy = shown(neighbours, name, ranges, node);
  if (shownBy === undefined) return undefined;
  const other = nodes.value.items.find((one) => isIn(rangesOf(one, address), address))?.metadata?.name;
  return {
    pod: `${named.namespace}/${named.name}`,
    address: host,
    node: name,
    ranges: ranges.map(({ text }) => text),
    ...(other === undefined ? {} : { inRangeOf: other }),
    shownBy: `${shownBy}, and ${count(kept)} of ${from} in ${listed(ownRanges)}`,
  };
}

/**
 * A range that a plugin keeps for itself may be that of a node by chance, and all pods of the node are in it then or none
 * is: one of each kind on the same node is no chance. Where none is, a plugin has to say that it uses them.
 */
function shown(
  neighbours: number,
  node: string,
  ranges: readonly Range[],
  { metadata, status }: Node,
): string | undefined {
  if (neighbours > 0) return `${count(neighbours)} of ${node} in ${listed(ranges)}`;
  if (metadata?.annotations?.['flannel.alpha.coreos.com/kube-subnet-manager'] === 'true')
    return `flannel leads ${listed(ranges)} to ${node} (flannel.alpha.coreos.com/kube-subnet-manager)`;
  const isRouted = status?.conditions?.some(
    ({ type, reason }) => type === 'NetworkUnavailable' && reason === 'RouteCreated',
  );
  return isRouted ? `the cloud has a route of ${listed(ranges)} to ${node} (RouteCreated)` : undefined;
}

interface Range {
  readonly text: string;
  readonly prefix: Prefix;
}

const listed = (ranges: readonly Range[]): string => ranges.map(({ text }) => text).join(', ');
const count = (pods: number): string => (pods === 1 ? '1 pod' : `${pods} pods`);

function isIn(ranges: readonly Range[], address: Prefix | undefined): boolean {
  return address !== undefined && ranges.some(({ prefix }) => contains(prefix, address));
}

/** Of the family of an address. */
function rangesOf(node: Node, { family }: Prefix): Range[] {
  return podRanges(node).flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix?.family === family ? [{ text, prefix }] : [];
  });
}

/** Those of running pods with a network of their own, of the family of an address. */
function addressesOf(pods: readonly Pod[], { family }: Prefix): Prefix[] {
  return pods
    .filter(({ spec, status }) => spec?.hostNetwork !== true && status?.phase === 'Running')
    .flatMap(({ status }) => (status?.podIPs ?? []).flatMap(({ ip }) => parsePrefix(ip) ?? []))
    .filter((one) => one.family === family);
}

function hasOwnRanges({ metadata, status }: Node): boolean {
  return (
    Object.keys(metadata?.annotations ?? {}).some((key) => OWN_RANGES_NOTE.test(key)) ||
    status?.conditions?.some(({ reason }) => OWN_RANGES.test(reason ?? '')) === true
  );
}
