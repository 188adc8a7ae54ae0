import { occurrence, type Rule } from '../../shared/rule.ts';
import type { PathFacts, PathsFacts } from '../facts.ts';
import { endOf, quotePoint } from '../story.ts';

const meta = {
  id: 'NT-PATH-008',
  title: 'The probe arrives with another source address',
  severities: ['warning', 'info'],
  meaning:
    "On the way somebody puts another source address in the place of the pod's own (masquerading, SNAT), which the same packet shows at two places. NetworkPolicies by selectors, allow-lists and logs at the destination see that one: what allows the pod does not allow the node.",
  rule: "Of a pod's connection to a destination in the cluster, the same SYN (by its sequence number) leaves the pod with one source address and is seen with another one at a place behind it: a warning where the connection does not come about, else an info.",
  source: 'RFC 9293, section 3.4, for the tag; Kubernetes: the cluster network model (pods talk without NAT)',
  remedy:
    "Except the pod ranges of the cluster from masquerading where it is made: the network plugin's ipMasq and nonMasqueradeCIDRs, ip-masq-agent, kube-proxy's masqueradeAll and clusterCIDR, a firewall of the node. Where the translation is meant, allow the nodes' addresses by an ipBlock.",
} as const;

function judge(path: PathFacts): ReturnType<typeof occurrence>[] {
  const { translated, destination, loss } = path;
  if (translated === undefined || !destination.inCluster) return [];
  const { from, to, at, before } = translated;
  const isLost = loss !== undefined;
  return [
    occurrence(
      meta,
      isLost ? 'warning' : 'info',
      `The probe to ${endOf(path)} leaves with ${from} and is seen with ${to} at ${at.place.place.label}: its source is translated on the way, and what ${isLost ? 'NetworkPolicies and allow-lists' : 'the other end, NetworkPolicies and allow-lists'} see is ${to}.`,
      [...quotePoint(before), ...quotePoint(at)],
      { subject: destination.label },
    ),
  ];
}

export const otherSource: Rule<PathsFacts> = {
  meta,
  judge: ({ paths, places }) =>
    // A node's own address is no pod's: what it sends is translated by nobody's mistake.
    places.some(({ place }) => place.isTarget && place.node === undefined) ? paths.flatMap(judge) : [],
};
