import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { Route } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { CALICO_GATEWAY } from '../../shared/link-local-gateway.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-023',
  title: "The node does not answer for its pods' gateway",
  severities: ['critical'],
  meaning:
    "Calico gives each pod one route, by 169.254.1.1, an address that no interface has: the node's end of the pod's link answers ARP for it by proxy. It does so only where proxy_arp is on, and where the node itself has a route to 169.254.1.1 by another interface, which is its default route. Without that no packet leaves the pods, not even an answer: they see a gateway that is silent (NT-ARP-001), and the node gets no answer from them.",
  rule: "Of a veth of Calico (cali…) that is up, has no IPv4 address and is the device of a route to a pod's address: net.ipv4.conf.all.proxy_arp and net.ipv4.conf.IFACE.proxy_arp are 0, or no table has a route to 169.254.1.1 by another interface. Where a DEST by such an interface answers, nothing is said.",
  source:
    "Linux: arp_process and arp_fwd_proxy (net/ipv4/arp.c); Calico documentation, FAQ: why can't I see the 169.254.1.1 address on my host; projectcalico/calico#3270",
  remedy:
    'Give the node its default route again (ip route add default via ROUTER dev UPLINK), and see what took it away: the DHCP client, NetworkManager, a VPN. Where proxy_arp is off: sysctl -w net.ipv4.conf.IFACE.proxy_arp=1; a hardening profile or sysctl --system may have set it back. Restarting calico-node on the node writes it again. Do not give 169.254.1.1 to an interface of the node.',
  explains: { depth: 508, subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-SOCK-001'] },
  scope: 'host',
} as const;

/** A pod's link, by the route to the pod. */
interface PodLink {
  readonly device: string;
  readonly route: Route;
}

function podLinks({ interfaces, routes }: RoutingFacts): PodLink[] {
  const ends = (interfaces ?? []).filter(
    ({ name, kind, flags, addresses }) =>
      name.startsWith('cali') &&
      kind === 'veth' &&
      flags.includes('LOWER_UP') &&
      !addresses.some(({ family }) => family === 'inet'),
  );
  return ends.flatMap(({ name }) => {
    const route = routes?.find(
      ({ family, type, table, destination, devices, gateways }) =>
        family === 'inet' &&
        type === 'unicast' &&
        table === 'main' &&
        destination.length === 32 &&
        gateways.length === 0 &&
        devices.length === 1 &&
        devices[0] === name,
    );
    return route === undefined ? [] : [{ device: name, route }];
  });
}

/** A route to the gateway that does not lead back to the pod that asks; whichever table it is in. */
function leadsElsewhere(routes: readonly Route[], device: string): boolean {
  const gateway = parsePrefix(CALICO_GATEWAY);
  return routes.some(
    ({ family, type, destination, devices }) =>
      gateway !== undefined &&
      family === 'inet' &&
      (type === 'unicast' || type === 'local') &&
      contains(destination, gateway) &&
      devices.some((one) => one !== device),
  );
}

function deviceOf(way: Way): string | undefined {
  return routeOf(way)?.device;
}

/** Of links with one and the same fault there are as many as pods. */
const MOST_NAMED = 3;

function judge(facts: RoutingFacts): Occurrence[] {
  const { routes, proxyArp, results } = facts;
  if (routes === undefined) return [];
  const links = podLinks(facts);
  const ways = facts.ways.filter((way) => links.some(({ device }) => device === deviceOf(way)));
  // An entry that somebody has written into the pod asks nobody.
  if (ways.some(({ answered }) => answered === true)) return [];
  const lost = links.filter(({ device }) => !leadsElsewhere(routes, device));
  const off = links.filter(
    ({ device }) => !lost.some((one) => one.device === device) && proxyArp?.(device) === false,
  );
  return [
    ...told(lost, ways, {
      why: `there is no route to that address by another interface${hasDefault(routes) ? '' : ', as there is no default route'}`,
      evidence: quoteRoutes(
        results.routes,
        routes,
        ({ family, table }) => family === 'inet' && table === 'main',
      ),
    }),
    ...told(off, ways, {
      why: 'proxy_arp is 0 there',
      evidence: quote(results.rpFilter, new RegExp(`/(?:all|${off[0]?.device ?? ''})/proxy_arp:`), 2),
      remediation: switchOn(off),
    }),
  ];
}

function hasDefault(routes: readonly Route[]): boolean {
  return routes.some(
    ({ family, type, destination }) => family === 'inet' && type === 'unicast' && destination.length === 0,
  );
}

function told(
  links: readonly PodLink[],
  ways: readonly Way[],
  {
    why,
    evidence,
    remediation,
  }: {
    readonly why: string;
    readonly evidence: Occurrence['evidence'];
    readonly remediation?: Advice | undefined;
  },
): Occurrence[] {
  if (links.length === 0) return [];
  const named = links.slice(0, MOST_NAMED).map(({ device, route }) => `${device} (${route.text})`);
  const more = links.length > MOST_NAMED ? ` and ${links.length - MOST_NAMED} more` : '';
  const summary = `The host does not answer its pods behind ${named.join(', ')}${more} for their gateway ${CALICO_GATEWAY}, so that nothing leaves them, not even answers: it would by proxy ARP, and ${why}.`;
  const subjects = ways
    .filter((way) => links.some(({ device }) => device === deviceOf(way)))
    .map(({ destination }) => destination.label);
  const details = remediation === undefined ? {} : { remediation };
  return subjects.length === 0
    ? [occurrence(meta, 'critical', summary, evidence, details)]
    : subjects.map((subject) => occurrence(meta, 'critical', summary, evidence, { ...details, subject }));
}

function switchOn([first]: readonly PodLink[]): Advice | undefined {
  return first === undefined
    ? undefined
    : advice`Switch it on at the end of each pod's link, and find what switched it off (a hardening profile, sysctl --system with an older file). Restarting calico-node writes it again.\n${verbatim`sysctl -w ${`net/ipv4/conf/${first.device}/proxy_arp=1`}`}`;
}

export const unansweredGateway: Rule<RoutingFacts> = { meta, judge };
