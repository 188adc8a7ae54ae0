/** Why the kernel would not send to a destination. Pure. */
import { type AddressFamily, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { Route, RoutingRule } from '../../parsers/ip-route.ts';
import { inTable, longestMatch, lookup } from '../shared/lookup.ts';
import type { Way } from '../shared/way.ts';
import type { RoutingFacts } from './facts.ts';

/** A destination without a way, and what in the tables made it so. */
export interface Unrouted {
  /** What the kernel said. */
  readonly why: 'blackhole' | 'unreachable' | 'prohibit' | 'none' | 'other';
  readonly line: string;
  /** The route that refuses, or that ended the search in its table. */
  readonly route?: Route | undefined;
  /** The rule that refuses. */
  readonly rule?: RoutingRule | undefined;
  /** A route that would do, in a table that no rule looks in. */
  readonly orphan?: Route | undefined;
}

/** `undefined`: there is a way, or it could not be asked for. Without facts, only what the kernel said. */
export function unrouted(way: Way, facts?: RoutingFacts): Unrouted | undefined {
  const hop = way.hop.value;
  if (hop?.route.outcome !== 'error') return undefined;
  const said: Unrouted = { why: hop.route.error, line: hop.route.line };
  const address = parsePrefix(hop.address);
  const routes = facts?.routes;
  const rules = address && facts?.rules[address.family];
  if (!address || !routes || !rules) return said;
  const decision = lookup(address, rules, routes);
  if (decision.kind === 'rule') return { ...said, rule: decision.rule };
  if (decision.kind === 'route') return { ...said, route: decision.route };
  const searched = new Set(rules.map((rule) => rule.table));
  const orphan = rules.some((rule) => rule.vrf)
    ? undefined
    : longestMatch(
        address,
        routes.filter((route) => route.type === 'unicast' && !searched.has(route.table)),
      );
  return { ...said, route: decision.thrown[0], orphan };
}

/** Tables with routes of a family in which no rule looks; none where a VRF decides. */
export function orphanTables(
  facts: RoutingFacts,
  family: AddressFamily,
): { table: string; routes: Route[] }[] {
  const rules = facts.rules[family];
  if (!facts.routes || !rules || rules.some((rule) => rule.vrf)) return [];
  const searched = new Set(rules.map((rule) => rule.table));
  const tables = new Set(facts.routes.filter((r) => r.family === family).map((r) => r.table));
  return [...tables]
    .filter((table) => !searched.has(table))
    .map((table) => ({
      table,
      routes: inTable(facts.routes ?? [], table).filter((r) => r.family === family),
    }));
}

/** IPv4 for what is not known. */
export function familyOf(address: string | undefined): AddressFamily {
  return address?.includes(':') ? 'inet6' : 'inet';
}
