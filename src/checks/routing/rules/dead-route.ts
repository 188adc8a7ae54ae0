import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { meta } from '../../shared/metas/dead-route.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';
import { familyOf, type Unrouted, unrouted } from '../unrouted.ts';

const ERRNO = {
  blackhole: '"Invalid argument" (EINVAL)',
  unreachable: '"No route to host" (EHOSTUNREACH)',
  prohibit: '"Permission denied" (EACCES)',
  none: '"Network is unreachable" (ENETUNREACH)',
  other: 'an error',
} as const;

function isRefused({ why, rule, route }: Unrouted): boolean {
  return why === 'none' ? rule !== undefined || route !== undefined : true;
}

function culprit({ why, rule, route }: Unrouted): {
  readonly what: string;
  readonly undo: readonly string[];
} {
  if (rule !== undefined) {
    return { what: `the rule "${rule.text}"`, undo: ['ip', 'rule', 'del', 'priority', `${rule.priority}`] };
  }
  if (route !== undefined && route.type !== 'unicast') {
    const six = route.family === 'inet6' ? ['-6'] : [];
    const table = route.table === 'main' ? [] : ['table', route.table];
    return {
      what: `the ${route.type} route ${route.text} in table ${route.table}`,
      undo: ['ip', ...six, 'route', 'del', route.type, ...route.text.split(' '), ...table],
    };
  }
  return {
    what: why === 'other' ? 'the kernel' : `a ${why} route or rule`,
    undo: ['ip', 'route', 'show', 'table', 'all'],
  };
}

function refused(facts: RoutingFacts, way: Way): Occurrence[] {
  const found = unrouted(way, facts);
  if (found === undefined || !isRefused(found)) return [];
  const { what, undo } = culprit(found);
  const rules = familyOf(way.hop.value?.address) === 'inet6' ? facts.results.rules6 : facts.results.rules;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} cannot be sent to: ${what} refuses it, and connect() fails at once with ${ERRNO[found.why]}.`,
      [
        ...quote(way.results.hop, /answers: /, 1),
        ...(found.rule && rules ? [{ command: rules.command, excerpt: found.rule.text }] : []),
        ...quoteRoutes(facts.results.routes, facts.routes, (route) => route === found.route),
      ],
      {
        subject: way.destination.label,
        remediation: advice`Find who made it (a VPN or CNI agent, a node script, a kill switch), and remove it there. By hand:\n${onTarget(...undo)}`,
      },
    ),
  ];
}

export const deadRoute: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => facts.ways.flatMap((way) => refused(facts, way)),
};
