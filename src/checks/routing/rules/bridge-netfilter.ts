import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-009',
  title: 'Packets between pods of one bridge pass by the rules of the node',
  severities: ['warning'],
  meaning:
    'Pods of the node share a bridge, and net.bridge.bridge-nf-call-iptables is 0. What a pod sends to a Service is translated on its way through the node, but the answer of an endpoint on the same bridge goes straight back and is not: the client gets it from an address it never contacted, and drops it. So Services time out from pods on the node of the endpoint, DNS says "reply from unexpected source", and from other nodes everything works.',
  rule: "In a node's own network namespace: the route to its pods leads through a bridge, and /proc/sys/net/bridge/bridge-nf-call-iptables (ip6tables for IPv6) is 0.",
  source:
    'Kubernetes documentation, "Network Plugin Requirements"; kernel: Documentation/networking/ip-sysctl.rst, /proc/sys/net/bridge',
  remedy:
    'Switch it on at the node: sysctl -w net.bridge.bridge-nf-call-iptables=1 (and bridge-nf-call-ip6tables=1), and keep it in /etc/sysctl.d, with br_netfilter in /etc/modules-load.d. It does not matter where something else than kube-proxy translates Services at the pod (eBPF).',
} as const;

const FAMILIES = [
  ['inet', 'bridge-nf-call-iptables'],
  ['inet6', 'bridge-nf-call-ip6tables'],
] as const;

export const bridgeNetfilter: Rule<RoutingFacts> = {
  meta,
  judge: ({ pod, cluster, routes, interfaces, bridgeCalls, results }) => {
    if (!pod.hostNetwork || !cluster || !routes || !interfaces || !bridgeCalls) return [];
    const pods = [...cluster.podRanges, ...cluster.pods].flatMap((text) => parsePrefix(text) ?? []);
    return FAMILIES.flatMap(([family, name]) => {
      if (bridgeCalls.get(name) !== false) return [];
      const carrying = routes.filter(
        (route) =>
          route.family === family &&
          route.type === 'unicast' &&
          route.destination.length > 0 &&
          pods.some((one) => contains(route.destination, one) || contains(one, route.destination)),
      );
      const bridge = interfaces.find(
        ({ name: device, kind }) =>
          kind === 'bridge' && carrying.some(({ devices }) => devices.includes(device)),
      );
      if (bridge === undefined) return [];
      return [
        occurrence(
          meta,
          'warning',
          `The pods of the node share the bridge ${bridge.name}, and net.bridge.${name} is 0: answers of a Service's endpoint to pods on the same bridge are not translated back, so Services fail for pods on the node of the endpoint.`,
          quote(results.bridgeCalls, new RegExp(`${name}:`), 1),
        ),
      ];
    });
  },
};
