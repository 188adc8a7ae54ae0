import { type Advice, advice } from '../../../model/advice.ts';
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

interface Culprit {
  /** The subject of a sentence. */
  readonly what: string;
  /** Words that end it. */
  readonly though?: string;
  /** Commands: the one that takes it away, or those that show what may have done it. */
  readonly undo: readonly (readonly string[])[];
}

/** What refuses: all else in a table leads somewhere. */
const REFUSING: readonly string[] = ['blackhole', 'unreachable', 'prohibit', 'throw'];

/** What an errno alone says: a rule that refuses as unreachable answers like a table without a route (fib4_rule_action). */
const UNSEEN = {
  blackhole: 'a blackhole route or rule',
  unreachable: 'an unreachable route',
  prohibit: 'a prohibit route or rule',
  none: 'the kernel',
  other: 'the kernel',
} as const;

function culprit({ why, rule, route }: Unrouted): Culprit {
  if (rule !== undefined) {
    return {
      what: `the rule "${rule.text}"`,
      undo: [['ip', 'rule', 'del', 'priority', `${rule.priority}`]],
    };
  }
  if (route !== undefined && REFUSING.includes(route.type)) {
    const six = route.family === 'inet6' ? ['-6'] : [];
    const table = route.table === 'main' ? [] : ['table', route.table];
    return {
      what: `the ${route.type} route ${route.text} in table ${route.table}`,
      undo: [['ip', ...six, 'route', 'del', route.type, ...route.text.split(' '), ...table]],
    };
  }
  const six = route?.family === 'inet6' ? ['-6'] : [];
  return {
    what: UNSEEN[why],
    ...(route === undefined
      ? {}
      : {
          though: `, though table ${route.table} has the route ${route.text}: its link may be down, or a rule with conditions refuses`,
        }),
    undo: [
      ['ip', ...six, 'rule', 'show'],
      ['ip', ...six, 'route', 'show', 'table', 'all'],
    ],
  };
}

function refused(facts: RoutingFacts, way: Way): Occurrence[] {
  const found = unrouted(way, facts);
  if (found === undefined || !isRefused(found)) return [];
  const { what, though = '', undo } = culprit(found);
  const isKnown = undo.length === 1;
  const rules = familyOf(way.hop.value?.address) === 'inet6' ? facts.results.rules6 : facts.results.rules;
  const commands = undo.reduce<Advice>((all, words) => advice`${all}\n${onTarget(...words)}`, '');
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} cannot be sent to: ${what} refuses it, and connect() fails at once with ${ERRNO[found.why]}${though}.`,
      [
        ...quote(way.results.hop, /answers: /, 1),
        ...(found.rule && rules ? [{ command: rules.command, excerpt: found.rule.text }] : []),
        ...quoteRoutes(facts.results.routes, facts.routes, (route) => route === found.route),
      ],
      {
        subject: way.destination.label,
        remediation: isKnown
          ? advice`Find who made it (a VPN or CNI agent, a node script, a kill switch), and remove it there. By hand:${commands}`
          : advice`See which rule and which route refuse it, find who made them (a VPN or CNI agent, a node script, a kill switch), and remove them there:${commands}`,
      },
    ),
  ];
}

export const deadRoute: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => facts.ways.flatMap((way) => refused(facts, way)),
};
