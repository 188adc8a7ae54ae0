/** How the kernel looks for a route: rules by priority, the longest prefix in each table. Pure. */
import { contains, type Prefix } from '../../parsers/ip-prefix.ts';
import type { Route, RoutingRule } from '../../parsers/ip-route.ts';

/** What a lookup ends with. */
export type Decision =
  | { readonly kind: 'route'; readonly route: Route; readonly rule: RoutingRule }
  | { readonly kind: 'rule'; readonly rule: RoutingRule }
  | { readonly kind: 'none'; readonly thrown: readonly Route[] };

/**
 * The decision for what the target sends from no particular address. Rules with conditions that only a real packet
 * answers (marks, ports, users, interfaces) are passed over, so this explains what the kernel said; it does not
 * replace it.
 */
export function lookup(address: Prefix, rules: readonly RoutingRule[], routes: readonly Route[]): Decision {
  const thrown: Route[] = [];
  for (const rule of [...rules].sort((a, b) => a.priority - b.priority)) {
    if (!applies(rule, address)) continue;
    if (rule.action !== undefined) return { kind: 'rule', rule };
    const route = longestMatch(address, inTable(routes, rule.table ?? ''));
    if (route?.type === 'throw') thrown.push(route);
    else if (route !== undefined) return { kind: 'route', route, rule };
  }
  return { kind: 'none', thrown };
}

function applies(rule: RoutingRule, address: Prefix): boolean {
  if (rule.vrf || rule.conditions.some((condition) => condition !== 'iif')) return false;
  // What the target sends itself comes in through lo, as rules see it.
  if (rule.conditions.includes('iif') && !/\biif lo\b/.test(rule.text)) return false;
  const fromAnywhere = rule.source === undefined || rule.source.length === 0;
  const toHere = rule.destination === undefined || contains(rule.destination, address);
  return (fromAnywhere && toHere) !== rule.inverted;
}

/** The routes of a table. */
export function inTable(routes: readonly Route[], table: string): Route[] {
  return routes.filter((route) => route.table === table);
}

/** The route that wins among those of one table. */
export function longestMatch(address: Prefix, routes: readonly Route[]): Route | undefined {
  return routes
    .filter((route) => contains(route.destination, address))
    .sort((a, b) => b.destination.length - a.destination.length || a.metric - b.metric)[0];
}
