import type { Occurrence } from '../../../model/finding.ts';
import type { AddressFamily } from '../../../parsers/ip-prefix.ts';
import { cutReason } from '../../shared/measured.ts';
import { meta } from '../../shared/metas/no-default-route.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';
import { ignoredAdvertisements } from '../ignored-advertisements.ts';
import { familyOf, unrouted } from '../unrouted.ts';

const FAMILIES: readonly AddressFamily[] = ['inet', 'inet6'];
/** In words, since who may set it and where it is kept is another thing on each kind of target. */
const TAKE_ADVERTISEMENTS =
  'If the default route is to come from router advertisements, let the kernel take them though it forwards: net.ipv6.conf.DEVICE.accept_ra=2, for the interface that is named (sysctl -w in its network namespace, and /etc/sysctl.d of a host; for a pod the tuning plugin in its CNI configuration). The route comes with the next advertisement, which may take minutes. Not on a link where anybody may advertise: set the route by hand there (ip -6 route add default via GATEWAY dev DEVICE).';
const NAMES = { inet: 'IPv4', inet6: 'IPv6' } as const;

/** A default route, or the two halves of one, as VPNs write it. */
function hasDefault(facts: RoutingFacts, family: AddressFamily): boolean {
  if (facts.routes === undefined) {
    return facts.ways.some(
      ({ hop: { value } }) =>
        value?.route.outcome === 'route' &&
        value.route.gateway !== undefined &&
        familyOf(value.address) === family,
    );
  }
  const rules = facts.rules[family];
  const seen = facts.routes.filter(
    (route) =>
      route.family === family &&
      route.type === 'unicast' &&
      (rules === undefined || rules.some((rule) => rule.vrf || rule.table === route.table)),
  );
  const of = (length: number): number => seen.filter((route) => route.destination.length === length).length;
  return of(0) > 0 || of(1) > 1;
}

function lost(facts: RoutingFacts, family: AddressFamily): readonly Way[] | undefined {
  if (hasDefault(facts, family)) return undefined;
  const ways = facts.ways.filter(
    (way) => unrouted(way)?.why === 'none' && familyOf(way.hop.value?.address) === family,
  );
  if (ways.length > 0) return ways.some((way) => orphaned(facts, way)) ? undefined : ways;
  // Nothing could be asked for: the name server and the API server are not known here.
  const blind = facts.ways.every((way) => way.hop.value === undefined);
  return blind && family === 'inet' && facts.routes !== undefined && facts.routes.length > 0 ? [] : undefined;
}

/** A table without a rule has the route: NT-RT-004 tells that. */
function orphaned(facts: RoutingFacts, way: Way): boolean {
  const found = unrouted(way, facts);
  return found?.orphan !== undefined;
}

export const noDefaultRoute: Rule<RoutingFacts> = {
  meta,
  judge: (facts) =>
    FAMILIES.flatMap((family): Occurrence[] => {
      // A table without a rule may have one (NT-RT-004), which a list that was cut does not show.
      const { routes } = facts.results;
      if (routes && cutReason(routes) !== undefined) return [];
      const ways = lost(facts, family);
      if (ways === undefined) return [];
      const down = facts.interfaces?.find(
        (i) => i.name !== 'lo' && !i.flags.includes('UP') && i.addresses.length > 0,
      );
      const ignored = down === undefined && family === 'inet6' ? ignoredAdvertisements(facts) : undefined;
      const why =
        down !== undefined
          ? `; ${down.name} is down, which takes its routes away`
          : ignored !== undefined
            ? `; ${ignored.device}, whose address has a lifetime and so came from its link, takes no route from router advertisements: net.ipv6.conf.${ignored.device}.forwarding is ${ignored.forwarding}, and accept_ra is 1 there, not 2`
            : family === 'inet'
              ? selfGiven(facts)
              : '';
      const what =
        ways.length === 0 ? '' : `, and so none to ${ways.map(nameOf).join(', ')}: "Network is unreachable"`;
      const without = lacksFamily(facts, family)
        ? `The target has no ${NAMES[family]} address, and no ${NAMES[family]} default route`
        : `There is no ${NAMES[family]} default route`;
      return [
        occurrence(
          meta,
          'critical',
          `${without}${what}${why}.`,
          [
            ...(ways[0] ? quote(ways[0].results.hop, /answers: /, 1) : []),
            ...quoteRoutes(
              facts.results.routes,
              facts.routes,
              (route) => route.family === family && route.table === 'main',
            ),
            ...(ignored?.evidence ?? []),
          ],
          {
            spares: routed(facts),
            ...(lacksFamily(facts, family) ? { remediation: withoutFamily(family) } : {}),
            ...(ignored === undefined ? {} : { remediation: TAKE_ADVERTISEMENTS }),
          },
        ),
      ];
    }),
};

/** The one address that a machine gives itself where no DHCP server answers it (RFC 3927). */
function selfGiven({ interfaces = [] }: RoutingFacts): string {
  const all = interfaces
    .filter(({ name }) => name !== 'lo')
    .flatMap(({ name, addresses }) =>
      addresses.flatMap(({ family, address }) => (family === 'inet' ? [{ name, address }] : [])),
    );
  const [first] = all;
  return first === undefined || !all.every(({ address }) => address.startsWith('169.254.'))
    ? ''
    : `; ${first.name} has no address but ${first.address}, which a machine gives itself where no DHCP server answers it: either none is there, or a firewall keeps its questions (UDP port 67) or the answers away`;
}

/** A network of one family gives out no address of the other: that nothing goes there is how it was made. */
function lacksFamily({ interfaces }: RoutingFacts, family: AddressFamily): boolean {
  const addresses = interfaces?.flatMap((one) => one.addresses).filter(({ scope }) => scope === 'global');
  return (
    addresses !== undefined && addresses.length > 0 && !addresses.some((address) => address.family === family)
  );
}

function withoutFamily(family: AddressFamily): string {
  const other = NAMES[family === 'inet' ? 'inet6' : 'inet'];
  return `The target's network is ${other} only: use an ${other} address of the destination, or a name that has one. For ${NAMES[family]} the network itself has to be made for both families (in Kubernetes a dual-stack cluster and its CNI plugin); a pod that is made again gets none either.`;
}

/** What has a route of its own suffers nothing by a default route that is missing. */
function routed({ ways }: RoutingFacts): string[] {
  const isRouted = ({ hop: { value } }: Way): boolean => value?.route.outcome === 'route';
  const lacking = new Set(ways.filter((way) => !isRouted(way)).map(({ destination }) => destination.label));
  return [...new Set(ways.map(({ destination }) => destination.label))].filter((one) => !lacking.has(one));
}
