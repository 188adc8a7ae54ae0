import type { Occurrence } from '../../../model/finding.ts';
import type { AddressFamily } from '../../../parsers/ip-prefix.ts';
import { cutReason } from '../../shared/measured.ts';
import { meta } from '../../shared/metas/no-default-route.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';
import { familyOf, unrouted } from '../unrouted.ts';

const FAMILIES: readonly AddressFamily[] = ['inet', 'inet6'];
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
      const why = down === undefined ? '' : `; ${down.name} is down, which takes its routes away`;
      const what =
        ways.length === 0 ? '' : `, and so none to ${ways.map(nameOf).join(', ')}: "Network is unreachable"`;
      return [
        occurrence(
          meta,
          'critical',
          `There is no ${NAMES[family]} default route${what}${why}.`,
          [
            ...(ways[0] ? quote(ways[0].results.hop, /answers: /, 1) : []),
            ...quoteRoutes(
              facts.results.routes,
              facts.routes,
              (route) => route.family === family && route.table === 'main',
            ),
          ],
          { spares: routed(facts) },
        ),
      ];
    }),
};

/** What has a route of its own suffers nothing by a default route that is missing. */
function routed({ ways }: RoutingFacts): string[] {
  const isRouted = ({ hop: { value } }: Way): boolean => value?.route.outcome === 'route';
  const lacking = new Set(ways.filter((way) => !isRouted(way)).map(({ destination }) => destination.label));
  return [...new Set(ways.map(({ destination }) => destination.label))].filter((one) => !lacking.has(one));
}
