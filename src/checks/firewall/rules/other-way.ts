import type { Occurrence } from '../../../model/finding.ts';
import type { OtherWay } from '../../../parsers/other-ways.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { isLed, nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-RT-022',
  title: 'The route that wins leads to an interface by which the destination does not answer',
  severities: ['critical'],
  meaning:
    'The target has several interfaces (a second network of Multus, a second network card, a VPN), and routes to the destination lead by more than one of them: mostly two default routes, since the second network brought one of its own. The kernel takes the one with the longest prefix, and of those the one with the smallest metric, and never tries the other. By the one that it takes the destination is not reached; by the other it is.',
  rule: "A connection to a destination that was asked for gets no answer, or an error of a router; in table main a route to it leads by another interface too; and a connection that is bound to that interface (SO_BINDTODEVICE; without socat an echo request) is taken or refused by it. Not where a host answers for the destination on the target's own link.",
  source:
    'measured: the same connection by both; ip-route(8): prefix and metric; Network Custom Resource De-facto Standard, 4.1.2.1 (default-route)',
  remedy:
    'Take the default route from the network that does not lead there. Multus: no gateway, isDefaultGateway or route 0.0.0.0/0 in the configuration of the NetworkAttachmentDefinition, or "default-route" of the annotation k8s.v1.cni.cncf.io/networks at the network that is to have it; its own destinations get routes of their own there. A machine: a larger metric for it (netplan: dhcp4-overrides use-routes: false or route-metric; NetworkManager: ipv4.never-default). Who needs both by the address that he sends from takes routing rules (the CNI plugin sbr).',
  remedyOutside:
    'Take the default route from the interface that does not lead there, or give it a larger metric (netplan: dhcp4-overrides use-routes: false or route-metric; NetworkManager: ipv4.never-default or ipv4.route-metric; Docker: gw-priority of the network). What is behind it gets routes of its own. Who needs both by the address that he sends from takes routing rules.',
  explains: { depth: 545, subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-RT-007', 'NT-HTTP'] },
} as const;

/**
 * Its host answers for it on the target's own link: the route that wins does lead there. What answers by a router may be one
 * that takes all connections in the place of whom they are for.
 */
function isOnLink({ hop, neighbour }: PathFacts): boolean {
  return hop?.viaGateway === false && neighbour?.state === 'REACHABLE' && neighbour.mac !== undefined;
}

/** What becomes of a connection that a wrong way is the cause of. */
const LOST: readonly Cause['kind'][] = [
  'dropped',
  'rejected',
  'prohibited',
  'no-route-there',
  'no-host-there',
  'no-neighbour',
  'circle',
];

function judge(path: PathFacts): Occurrence[] {
  const { ways, result, cluster } = path.otherWays ?? {};
  if (ways?.value === undefined || ways.value.answers !== false) return [];
  if (isLed(path) || !LOST.includes(path.cause.kind) || isOnLink(path)) return [];
  const { others, won } = ways.value;
  const other = others.find(({ outcome }) => outcome !== undefined && ANSWERS[outcome] !== undefined);
  if (other === undefined || won === undefined) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} does not answer by ${interfaceText(won.device, cluster)}, and by ${interfaceText(other.device, cluster)} it does (${answerText(other)}): "${won.route}" wins before "${other.route}" (${reasonText(won.route, other.route)}), and ends with ${seen(path)}.`,
      [...quote(result, /^(won|other|plain|by) /, 6), ...quoteReach(path)],
      {
        subject: path.destination.label,
        ...(TUNNEL.test(won.device) ? { remediation: ofTunnel(won.device) } : {}),
      },
    ),
  ];
}

/** As kernels and VPN clients call theirs. */
const TUNNEL = /^(tun|tap|wg|ppp|ipsec|xfrm|vti|tailscale|zt|nordlynx|proton|mullvad|gpd|cscotun)/;

/** What a VPN takes is meant to go by it: past it, it would go in the clear. */
function ofTunnel(device: string): string {
  return `See whether the tunnel ${device} is up (wg show: latest handshake; the log of the VPN client), and whether its other end leads there: a provider or a company may drop it on purpose, as port 25. Leave its route as it is where all is meant to go by it. If the destination may be asked past the tunnel, in the clear, give it alone a route of its own by the other interface.`;
}

const ANSWERS: Readonly<Partial<Record<NonNullable<OtherWay['outcome']>, string>>> = {
  connected: 'a connection bound to it is taken',
  refused: 'a connection bound to it is refused by the host itself',
  echo: 'an echo request that is bound to it is answered',
};

function answerText({ outcome }: OtherWay): string {
  return outcome === undefined ? '' : (ANSWERS[outcome] ?? '');
}

function interfaceText(device: string, cluster: string | undefined): string {
  return device === cluster ? `${device} (the cluster's own network)` : device;
}

/** The prefix decides before the metric does, which is 0 where an IPv4 route names none. */
function reasonText(won: string, other: string): string {
  const [prefix, otherPrefix] = [won, other].map((route) => route.split(' ')[0]);
  if (prefix !== otherPrefix) return 'its prefix is longer';
  const [metric, otherMetric] = [won, other].map((route) => / metric (\d+)/.exec(route)?.[1] ?? '0');
  return metric === otherMetric ? `both have metric ${metric}` : `metric ${metric} before ${otherMetric}`;
}

export const otherWay: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
