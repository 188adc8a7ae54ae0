import { type Advice, advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { AddressFamily } from '../../../parsers/ip-prefix.ts';
import type { Route } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';
import { familyOf, orphanTables, unrouted } from '../unrouted.ts';

const meta = {
  id: 'NT-RT-004',
  title: 'A routing rule is missing',
  severities: ['critical', 'warning'],
  meaning:
    'A table has routes, but no rule looks in it, so for packets they do not exist. The rule for `main` comes with the namespace; rules for other tables come from a CNI plugin or an agent, and are lost when it is restarted half-way or when somebody flushes the rules.',
  rule: 'Critical: the kernel has no route to a destination, and a table without a rule has one; or no rule looks in `local`. Warning, in a namespace of its own: a table without a rule has the default route of an interface with an address of its own, so answers from that address leave through another interface.',
  source:
    'ours; the three rules of a new namespace are in the kernel (fib_default_rules_init, net/ipv4/fib_rules.c)',
  remedy:
    'Restart the agent that owns the table (a CNI plugin, a multi-network or source-based-routing plugin), or delete the pod so that it is made again.',
  explains: { depth: 520, target: ALL_TRAFFIC },
} as const;

const FAMILIES: readonly AddressFamily[] = ['inet', 'inet6'];

/** `-6` where it is needed. */
function ip(family: AddressFamily): readonly string[] {
  return family === 'inet6' ? ['ip', '-6'] : ['ip'];
}

function byHand(...command: readonly string[]): Advice {
  return advice`${meta.remedy} By hand:\n${onTarget(...command)}`;
}

/** Destinations without a way that a table without a rule has; one finding a table. */
function unreached(facts: RoutingFacts, family: AddressFamily): Occurrence[] {
  const lost = facts.ways.flatMap((way) => {
    const orphan = unrouted(way, facts)?.orphan;
    return orphan && familyOf(way.hop.value?.address) === family ? [{ way, orphan }] : [];
  });
  const tables = [...new Set(lost.map(({ orphan }) => orphan.table))];
  return tables.map((table) => {
    const mine = lost.filter(({ orphan }) => orphan.table === table);
    const priority = table === 'main' ? ['priority', '32766'] : [];
    return occurrence(
      meta,
      'critical',
      `No rule looks in table ${table}, which has the route to ${mine.map(({ way }) => nameOf(way)).join(', ')}: "Network is unreachable".`,
      [
        ...quote(mine[0]?.way.results.hop, /answers: /, 1),
        ...quoteRules(facts, family),
        ...quoteRoutes(facts.results.routes, facts.routes, (route) =>
          mine.some(({ orphan }) => orphan === route),
        ),
      ],
      { remediation: byHand(...ip(family), 'rule', 'add', ...priority, 'lookup', table) },
    );
  });
}

function quoteRules(facts: RoutingFacts, family: AddressFamily) {
  const result = family === 'inet6' ? facts.results.rules6 : facts.results.rules;
  const rules = facts.rules[family] ?? [];
  return result === undefined
    ? []
    : [{ command: result.command, excerpt: rules.map((rule) => rule.text).join('\n') || 'no rules' }];
}

/** The table of the namespace's own addresses. */
function localTable(facts: RoutingFacts, family: AddressFamily): Occurrence[] {
  if (!orphanTables(facts, family).some(({ table }) => table === 'local')) return [];
  return [
    occurrence(
      meta,
      'critical',
      "No rule looks in table local: packets to the target's own addresses are not taken as its own.",
      quoteRules(facts, family),
      { remediation: byHand(...ip(family), 'rule', 'add', 'priority', '0', 'lookup', 'local') },
    ),
  ];
}

/** The source-based routing of a second interface without its rule. */
function asymmetric(facts: RoutingFacts, family: AddressFamily): Occurrence[] {
  if (facts.pod.hostNetwork) return [];
  const isDefault = (route: Route): boolean => route.type === 'unicast' && route.destination.length === 0;
  const mainDevices =
    facts.routes
      ?.filter((r) => r.family === family && r.table === 'main' && isDefault(r))
      .flatMap((r) => r.devices) ?? [];
  return orphanTables(facts, family).flatMap(({ table, routes }) => {
    const way = routes.find((r) => isDefault(r) && !r.devices.some((device) => mainDevices.includes(device)));
    const device = way?.devices[0];
    const address = facts.interfaces
      ?.find((i) => i.name === device)
      ?.addresses.find((a) => a.family === family && a.scope === 'global');
    if (way === undefined || table === 'main' || address === undefined || mainDevices.length === 0) return [];
    return [
      occurrence(
        meta,
        'warning',
        `No rule looks in table ${table}, which has the default route of ${device}: what is sent from ${address.address} leaves through ${mainDevices[0]}, and its answers may be dropped.`,
        [
          ...quoteRules(facts, family),
          ...quoteRoutes(facts.results.routes, facts.routes, (route) => route === way),
        ],
        { remediation: byHand(...ip(family), 'rule', 'add', 'from', address.address, 'lookup', table) },
      ),
    ];
  });
}

export const missingRule: Rule<RoutingFacts> = {
  meta,
  judge: (facts) =>
    FAMILIES.flatMap((family) => [
      ...localTable(facts, family),
      ...unreached(facts, family),
      ...asymmetric(facts, family),
    ]),
};
