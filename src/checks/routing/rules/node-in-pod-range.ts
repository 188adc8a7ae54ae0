import type { Occurrence } from '../../../model/finding.ts';
import { contains, type Prefix, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { type Route, routeText } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { inTable, longestMatch } from '../../shared/lookup.ts';
import { quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-014',
  title: "A node's address lies in a pod range",
  severities: ['critical'],
  meaning:
    "The ranges of pods and the network of the nodes overlap. Packets to the node follow the route of the pod range: they are looked for among the pods of a node, or sent to another node, and never get to it. Its kubelet, its pods, and the API server or the cluster's DNS where they run on it cannot be reached from here.",
  rule: "In a node's own network namespace: an address that the API has for another node is in the pod range (spec.podCIDRs) of this node or of a third one, and the route to it in table main is that of the range, or of a part of it.",
  source:
    'projectcalico/calico#2638; kubeadm: the pod network must not overlap with any of the host networks',
  remedy:
    "Give the cluster a pod range that none of the machines' networks has (kubeadm: --pod-network-cidr, and the same in the network plugin's configuration): it is set when the cluster is made. Until then, a route to the node alone (ip route add ADDRESS/32 …) on every other node leads around the range, and no pod may get that address.",
  explains: { depth: 506, target: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-RT-022'] },
} as const;

/** The route of the range that takes packets to the node. */
function taken(address: Prefix, range: Prefix, routes: readonly Route[]): Route | undefined {
  const main = inTable(routes, 'main').filter(({ family }) => family === address.family);
  const route = longestMatch(address, main);
  // A route to more than the range is that of the nodes' network, from which some plugins give pods their addresses.
  return route && contains(range, route.destination) && route.destination.length < address.length
    ? route
    : undefined;
}

export const nodeInPodRange: Rule<RoutingFacts> = {
  meta,
  judge: ({ pod, cluster, routes, results }): Occurrence[] => {
    if (!pod.hostNetwork || !cluster || !routes) return [];
    const ranges = [
      { whose: 'this node', of: '', texts: cluster.podRanges },
      ...cluster.others.map(({ name, podRanges }) => ({ whose: name, of: name, texts: podRanges })),
    ];
    return cluster.others.flatMap(({ name, addresses }) =>
      addresses.flatMap((text) => {
        const address = parsePrefix(text);
        if (!address) return [];
        return ranges.flatMap(({ whose, of, texts }) =>
          texts.flatMap((range): Occurrence[] => {
            const prefix = parsePrefix(range);
            if (of === name || !prefix || !contains(prefix, address)) return [];
            const route = taken(address, prefix, routes);
            if (!route) return [];
            return [
              occurrence(
                meta,
                'critical',
                `${text}, an address of ${name}, lies in the pod range of ${whose} (${range}): packets to it follow the route of the pods, ${routeText(route)}, and do not get to ${name}.`,
                quoteRoutes(results.routes, routes, (one) => one === route),
                { subject: name },
              ),
            ];
          }),
        );
      }),
    );
  },
};
