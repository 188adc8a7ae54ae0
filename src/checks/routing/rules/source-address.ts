import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix, sameAddress } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';
import { familyOf } from '../unrouted.ts';

const meta = {
  id: 'NT-RT-005',
  title: 'Wrong source address or interface',
  severities: ['warning'],
  meaning:
    'The target sends from an address that is not the one Kubernetes knows it by, or sends its own address out of another interface than the one that carries it. NetworkPolicies and firewalls match the pod IP, so they judge such packets wrongly, and answers may take another path or not arrive at all.',
  rule: "The kernel chooses a source address for a destination behind a router that is none of the pod's IPs, while the interface is the one with the pod IP or no interface has it; or it chooses the pod IP for another interface than the one that has it. Not in the node's own namespace, nor for the networks of further interfaces.",
  source: 'ours; the pod IPs are status.podIPs of the API',
  remedy: advice`Look for a route with a \`src\` of its own or for an address that was added by hand: ${nettools`run ${TARGET} -- ip route show table all`}. A pod that is made again gets both from its CNI plugin.`,
  explains: { depth: 560, subject: ALL_TRAFFIC },
  remedyOutside:
    'Look for a route with a `src` of its own or for an address that was added by hand: ip route; ip addr.',
  scope: 'host',
} as const;

interface Chosen {
  readonly source: string;
  readonly device: string;
  readonly line: string;
}

/** What the kernel chose, where this says anything of the pod's own network. */
function chosen(facts: RoutingFacts, way: Way): Chosen | undefined {
  const route = routeOf(way);
  if (!route || route.local || route.source === undefined || route.gateway === undefined) return undefined;
  return facts.interfaces === undefined ? undefined : { ...route, source: route.source };
}

function judge(facts: RoutingFacts, way: Way): Occurrence[] {
  const choice = chosen(facts, way);
  const family = familyOf(way.hop.value?.address);
  const podIps = facts.pod.addresses.filter((address) => familyOf(address) === family);
  const podIp = podIps[0];
  if (!choice || podIp === undefined) return [];
  const home = facts.interfaces?.find((i) =>
    i.addresses.some((a) => podIps.some((p) => sameAddress(p, a.address))),
  );
  const isPodIp = podIps.some((ip) => sameAddress(ip, choice.source));
  if (
    isPodIp
      ? home === undefined || home.name === choice.device || !isLink(home)
      : home !== undefined && home.name !== choice.device
  ) {
    return [];
  }
  if (!isPodIp && isOwnNetwork(facts, way, choice)) return [];
  const what = isPodIp
    ? `is sent to through ${choice.device}, while the pod IP ${choice.source} is on ${home?.name}`
    : `is sent to from ${choice.source}, which is not the pod IP ${podIp}${home === undefined ? ' (no interface has that)' : ''}`;
  return [
    occurrence(
      meta,
      'warning',
      `${nameOf(way)} ${what}: policies for the pod do not match, and answers may go astray.`,
      [
        ...quote(way.results.hop, / dev /, 1),
        ...quoteRoutes(facts.results.routes, facts.routes, (route) =>
          isPodIp
            ? route.table !== 'local' && route.devices.includes(choice.device)
            : route.table !== 'local' &&
              route.source !== undefined &&
              sameAddress(route.source, choice.source),
        ),
      ],
      { subject: way.destination.label },
    ),
  ];
}

/** Some CNI plugins keep the pod IP on loopback and route it; the interface then says nothing. */
function isLink(home: { readonly name: string; readonly kind: string | undefined }): boolean {
  return home.name !== 'lo' && home.kind !== 'dummy';
}

/** A destination in the very network of the address: a further network of the pod. */
function isOwnNetwork(facts: RoutingFacts, way: Way, { source }: Chosen): boolean {
  const address = parsePrefix(way.hop.value?.address ?? '');
  const own = facts.interfaces?.flatMap((i) => i.addresses).find((a) => sameAddress(a.address, source));
  const network = own && parsePrefix(`${own.address}/${own.prefixLength}`);
  return address !== undefined && network !== undefined && contains(network, address);
}

export const sourceAddress: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => (facts.pod.hostNetwork ? [] : facts.ways.flatMap((way) => judge(facts, way))),
};
