import type { Occurrence } from '../../../model/finding.ts';
import { shellWord } from '../../../model/shell-word.ts';
import type { Forwarding } from '../../../parsers/forwarding.ts';
import { type AddressFamily, contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { Route } from '../../../parsers/ip-route.ts';
import type { NodeNetwork } from '../../shared/node-network.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-006',
  title: 'The node does not forward packets',
  severities: ['critical'],
  meaning:
    "A node is a router for its pods: what comes in through one interface goes out through another. With forwarding off on the interface that a packet comes in through, the kernel drops it silently. The node's own connections still work, and so do pods of one node with each other where a bridge joins them; everything between pods and the rest of the world fails.",
  rule: "In a node's own network namespace, for each address family that its pods have: net.ipv4.conf.IFACE.forwarding is 0 on an interface that carries the node's pods (a route to one of them or to their range leads through it), other nodes' pods or the default route; for IPv6, net.ipv6.conf.all.forwarding is 0.",
  source:
    'Linux: Documentation/networking/ip-sysctl.rst (ip_forward, forwarding); net/ipv4/route.c decides by the interface that a packet comes in through, net/ipv6/ip6_output.c by all.forwarding',
  remedy:
    'Switch it on at the node: sysctl -w net.ipv4.ip_forward=1 (net.ipv6.conf.all.forwarding=1), and keep it in /etc/sysctl.d. Then find what switched it off: a hardening profile, a restart of the network service, or sysctl --system with an older file.',
} as const;

const NAMES = { inet: 'IPv4', inet6: 'IPv6' } as const;
const SYSCTLS = { inet: 'net.ipv4.ip_forward', inet6: 'net.ipv6.conf.all.forwarding' } as const;

/** The interfaces through which packets of pods come to the node, from either side. */
function podInterfaces(
  routes: readonly Route[],
  cluster: NodeNetwork,
  family: AddressFamily,
): ReadonlySet<string> {
  const own = [...cluster.podRanges, ...cluster.pods].flatMap((text) => parsePrefix(text) ?? []);
  const far = cluster.others.flatMap((node) => node.podRanges.flatMap((text) => parsePrefix(text) ?? []));
  const carries = ({ destination }: Route): boolean =>
    destination.length === 0 ||
    // A CNI plugin that routes each pod by itself has a route to its address, others one to the range.
    [...own, ...far].some(
      (range) => contains(range, destination) || (destination.length > 8 && contains(destination, range)),
    );
  return new Set(
    routes
      .filter((route) => route.family === family && route.type === 'unicast' && carries(route))
      .flatMap((route) => route.devices)
      .filter((name) => name !== 'lo'),
  );
}

function hasPods({ podRanges, pods }: NodeNetwork, family: AddressFamily): boolean {
  return [...podRanges, ...pods].some((text) => parsePrefix(text)?.family === family);
}

/** What is off, in the kernel's own words; empty: nothing. */
function off(forwarding: Forwarding, interfaces: ReadonlySet<string>, family: AddressFamily): string[] {
  const values = forwarding[family];
  if (family === 'inet6') return values.get('all') === false ? ['all'] : [];
  return [...interfaces].filter((name) => values.get(name) === false);
}

function switchOn(version: 4 | 6, name: string): string {
  const parts = ['net', `ipv${version}`, 'conf', name, 'forwarding=1'];
  // A dot of a name (eth0.100) is not a separator where slashes are (sysctl(8)).
  return `sysctl -w ${shellWord(parts.join(name.includes('.') ? '/' : '.'))}`;
}

export const forwardingOff: Rule<RoutingFacts> = {
  meta,
  judge: ({ pod, cluster, routes, forwarding, results }) => {
    if (!pod.hostNetwork || !cluster || !routes || !forwarding) return [];
    return (['inet', 'inet6'] as const).flatMap((family): Occurrence[] => {
      if (!hasPods(cluster, family)) return [];
      const interfaces = podInterfaces(routes, cluster, family);
      const names = off(forwarding, interfaces, family);
      if (names.length === 0) return [];
      const isOff = forwarding[family].get('all') === false;
      const where = isOff ? `${SYSCTLS[family]} is 0` : `it is 0 on ${names.join(', ')}`;
      const version = family === 'inet' ? 4 : 6;
      const lines = ['all', ...names].map((name) => name.replace(/[^\w-]/g, '\\$&'));
      return [
        occurrence(
          meta,
          'critical',
          `${NAMES[family]} forwarding is off on the node (${where}): nothing passes between its pods and the rest of the world.`,
          quote(results.forwarding, new RegExp(`/ipv${version}/conf/(${lines.join('|')})/`), 6),
          isOff
            ? {}
            : {
                remediation: `Switch it on where it is off: ${names.map((name) => switchOn(version, name)).join('; ')}. New interfaces take net.ipv${version}.conf.default.forwarding.`,
              },
        ),
      ];
    });
  },
};
