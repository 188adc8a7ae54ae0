import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { bitsOf, type Prefix, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { type Route, type RoutingRule, routeText } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { inTable, longestMatch, lookup } from '../../shared/lookup.ts';
import { quoteRoutes } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-008',
  title: 'A routing table before main takes the pod range',
  severities: ['critical'],
  meaning:
    'The kernel asks its routing rules in the order of their priorities. One of them looks in another table before main, and a route there (a default route, or one to the range) takes the packets for pods through another interface. VPN clients make such rules: since they run on the node, pods of different nodes no longer reach each other.',
  rule: "In a node's own network namespace, for the range of its own pods or of another node's: table main has a route to the range, and a rule without conditions of its own that comes before main finds a route in another table, through another interface.",
  source: 'ip-rule(8); ours: the pod ranges are spec.podCIDRs of the nodes',
  remedy:
    "Let main answer for the pod ranges first (ip rule add to RANGE lookup main priority N, with an N below the rule's), or keep them out of the VPN's routes (tailscale: --accept-routes=false, an exit node without --exit-node-allow-lan-access; WireGuard: AllowedIPs).",
  explains: { depth: 525, target: ALL_TRAFFIC },
} as const;

interface Range {
  readonly text: string;
  readonly whose: string;
}

interface Taken {
  readonly rule: RoutingRule;
  readonly route: Route;
  readonly main: Route;
}

/** What goes astray; `undefined`: nothing, or main knows no more of the range than of anything else. */
function taken(
  { text }: Range,
  routes: readonly Route[],
  facts: RoutingFacts,
): (Taken & { readonly range: Prefix }) | undefined {
  const range = parsePrefix(text);
  const rules = range && facts.rules[range.family];
  if (range === undefined || rules === undefined) return undefined;
  // The range as a whole: an address in it may have a route of its own.
  const own = routes.filter(({ family }) => family === range.family);
  const main = longestMatch(range, inTable(own, 'main'));
  if (main === undefined || main.type !== 'unicast' || main.destination.length === 0) return undefined;
  const address = { ...range, length: bitsOf(range.family) };
  const decision = lookup({ ...address, value: address.value + 1n }, rules, own);
  if (decision.kind !== 'route' || ['main', 'local', 'default'].includes(decision.route.table))
    return undefined;
  const { route, rule } = decision;
  if (route.type !== 'unicast' || route.devices.some((device) => main.devices.includes(device)))
    return undefined;
  return { range, route, rule, main };
}

function judge(range: Range, routes: readonly Route[], facts: RoutingFacts): Occurrence[] {
  const found = taken(range, routes, facts);
  if (found === undefined) return [];
  const { rule, route, main } = found;
  const inet = found.range.family === 'inet';
  const before = Math.max(0, rule.priority - 1);
  const command = [
    'ip',
    ...(inet ? [] : ['-6']),
    'rule',
    'add',
    'to',
    range.text,
    'lookup',
    'main',
    'priority',
    String(before),
  ];
  return [
    occurrence(
      meta,
      'critical',
      `Packets to ${range.text} (${range.whose}) leave through ${route.devices.join(', ')} by rule ${rule.priority} (table ${route.table}: ${routeText(route)}), while table main has them by ${routeText(main)}.`,
      [
        { command: (inet ? facts.results.rules : facts.results.rules6)?.command ?? [], excerpt: rule.text },
        ...quoteRoutes(facts.results.routes, facts.routes, (one) => one === route || one === main),
      ],
      {
        remediation: advice`${meta.remedy}\n${onTarget(...command)}`,
      },
    ),
  ];
}

export const capturedPods: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => {
    const { pod, cluster, routes } = facts;
    if (!pod.hostNetwork || !cluster || !routes) return [];
    const ranges: Range[] = [
      ...cluster.podRanges.map((text) => ({ text, whose: "the node's own pods" })),
      ...cluster.others.flatMap(({ name, podRanges }) =>
        podRanges.map((text) => ({ text, whose: `pods of ${name}` })),
      ),
    ];
    const [first, ...more] = ranges.flatMap((range) => judge(range, routes, facts));
    if (first === undefined) return [];
    const also = more.length === 0 ? '' : ` So it is with ${more.length} more of the pod ranges.`;
    return [{ ...first, summary: `${first.summary}${also}` }];
  },
};
