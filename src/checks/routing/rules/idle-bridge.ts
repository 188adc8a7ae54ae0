import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { routeText } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { inTable, longestMatch } from '../../shared/lookup.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-017',
  title: 'The range of a bridge without members hides the way to a destination',
  severities: ['critical'],
  meaning:
    'A bridge of this host has a range that the destination lies in, and nothing is plugged into it: a Docker or Compose network, a libvirt or CNI bridge that was made with a range that is used elsewhere (a company network, a VPN, a cloud). Its route is the more precise one, so packets go to an empty link. Everything outside of that range works.',
  rule: 'The kernel routes a destination straight to a bridge that no interface which is up belongs to, by a route that came with an address of the bridge; nothing came back from it; and another route, less precise, leads there through another interface.',
  source: 'ip-route(8): the longest prefix wins; Docker: default-address-pools of daemon.json',
  remedy:
    'Give the bridge another range, or remove it. Docker: docker network ls and docker network rm, for Compose docker compose down; choose ranges with networks.NAME.ipam in the Compose file or default-address-pools in daemon.json, none that the host has routes to. Until then: ip link set BRIDGE down.',
  explains: { depth: 532, subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-RT-022'] },
} as const;

/** The names that Docker gives its bridges. */
const DOCKERS = /^(?:docker0|br-[0-9a-f]{12})$/;

function judge(way: Way, facts: RoutingFacts): Occurrence[] {
  const hop = way.hop.value;
  if (hop?.route.outcome !== 'route' || hop.route.gateway !== undefined || way.answered !== false) return [];
  const { device } = hop.route;
  const link = facts.interfaces?.find(({ name }) => name === device);
  const isIdle = facts.interfaces?.every(({ master, flags }) => master !== device || !flags.includes('UP'));
  if (link?.kind !== 'bridge' || isIdle !== true) return [];
  const address = parsePrefix(hop.address);
  if (address === undefined || facts.routes === undefined) return [];
  const main = inTable(facts.routes, 'main').filter(({ family }) => family === address.family);
  const taken = longestMatch(address, main);
  if (taken?.protocol !== 'kernel' || !taken.devices.includes(device)) return [];
  const hidden = longestMatch(
    address,
    main.filter(
      ({ devices, destination, type }) =>
        type === 'unicast' && !devices.includes(device) && contains(destination, address),
    ),
  );
  if (hidden === undefined) return [];
  const whose = DOCKERS.test(device) ? ', the bridge of a Docker network,' : '';
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} lies in ${taken.text}, the range of ${device}${whose} into which nothing is plugged: packets go to that empty link, and without it they would go by ${routeText(hidden)}.`,
      [
        ...quote(way.results.hop, / dev /, 1),
        ...quoteRoutes(facts.results.routes, facts.routes, (one) => one === taken || one === hidden),
      ],
      { subject: way.destination.label },
    ),
  ];
}

export const idleBridge: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => facts.ways.flatMap((way) => judge(way, facts)),
};
