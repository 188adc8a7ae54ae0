import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { type Prefix, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { type Route, type RoutingRule, routeText } from '../../../parsers/ip-route.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { routeOf } from '../../shared/answers.ts';
import { inTable } from '../../shared/lookup.ts';
import { quote, quoteCounters, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const COUNTER = 'TcpExt.IPReversePathFilter';

const meta = {
  id: 'NT-RT-021',
  title: 'A routing rule leads packets out by an interface whose filter drops their answers',
  severities: ['warning', 'info'],
  meaning:
    'A routing rule that asks for a mark, or for the interface that a packet came in by, leads packets out by one interface; their answers come in there. The reverse path filter looks for the way back to who answers, and neither the mark nor that interface is known to it: without the rule the way leads by another interface, and where the filter is strict the answer is dropped silently. So it is with gateways for egress addresses, VPNs by mark, and second uplinks for some of the traffic: what the rule does not take works.',
  rule: 'A routing rule with a mark or an incoming interface comes before main and leads to a unicast route of a table of its own, through an interface on which rp_filter is strict (the greater of conf.all and conf.IFACE is 1); and what is looked for without the mark (unless src_valid_mark is 1 there) and from no interface leads elsewhere. A warning where TcpExt IPReversePathFilter grew during the run, else an info: nobody has met it then. A rule before it that asks for what is not known of a packet makes this silent. IPv4, which alone has rp_filter.',
  source:
    'Linux: Documentation/networking/ip-sysctl.rst (rp_filter, src_valid_mark), __fib_validate_source (net/ipv4/fib_frontend.c)',
  remedy:
    'Let the filter be loose on that interface (sysctl -w net.ipv4.conf.IFACE.rp_filter=2; conf.all counts too), or give the way back a rule that the filter knows: ip rule add to FAR lookup TABLE.',
  explains: { depth: 529, target: ['NT-RT-003'] },
} as const;

/** Stands for anywhere (RFC 5737). */
const ANYWHERE = '192.0.2.1';
const OWN_TABLES: readonly string[] = ['main', 'local', 'default'];

interface Asymmetry {
  readonly rule: RoutingRule;
  readonly route: Route;
  readonly device: string;
  readonly back: Route;
}

/** By what a rule takes packets that a reverse lookup does not know. */
function isUnknownBack({ mark, from, inverted, action, vrf }: RoutingRule, knowsMark: boolean): boolean {
  if (inverted || action !== undefined || vrf) return false;
  return (mark !== undefined && mark.value !== 0 && !knowsMark) || (from !== undefined && from !== 'lo');
}

function asymmetries(facts: RoutingFacts): Asymmetry[] {
  const { strict, marksCount, routes, rules, interfaces } = facts;
  const all = rules.inet;
  if (strict === undefined || routes === undefined || all === undefined) return [];
  const own = routes.filter(({ family }) => family === 'inet');
  const isUp = (name: string): boolean =>
    interfaces === undefined || interfaces.some((one) => one.name === name && one.flags.includes('UP'));
  return all.flatMap((rule) => {
    const { table } = rule;
    if (table === undefined || OWN_TABLES.includes(table)) return [];
    return inTable(own, table).flatMap((route): Asymmetry[] => {
      const [device, ...more] = route.devices;
      if (route.type !== 'unicast' || device === undefined || more.length > 0) return [];
      if (!strict.includes(device) || !isUp(device)) return [];
      // An old image's command has not read it: a mark may count.
      if (!isUnknownBack(rule, marksCount?.(device) ?? true)) return [];
      const far = farOf(route, rule);
      const back = far && routeOf({ rules: all, routes: own }, far, rule.source);
      return back === undefined || back.route.devices.includes(device)
        ? []
        : [{ rule, route, device, back: back.route }];
    });
  });
}

/** An address to which the rule leads by the route. */
function farOf({ destination, text }: Route, rule: RoutingRule): Prefix | undefined {
  const asked = rule.destination;
  const narrower = asked !== undefined && asked.length > destination.length ? asked : destination;
  return narrower.length === 0
    ? parsePrefix(ANYWHERE)
    : narrower === asked
      ? asked
      : parsePrefix(text.replace(/\/\d+$/, ''));
}

function remedyFor({ device, route, rule: { table = '' } }: Asymmetry): Advice {
  return advice`Let the filter of ${device} be loose, and keep that in /etc/sysctl.d: conf.all and conf.IFACE count both, and 2 of either is loose.\n${verbatim`sysctl -w net.ipv4.conf.${device}.rp_filter=2`}\nOr give the way back a rule that the filter knows, where all that is sent there may go this way: ip rule add to ${route.text === 'default' ? 'FAR' : route.text} lookup ${table}.`;
}

export const filteredByMark: Rule<RoutingFacts> = {
  meta,
  judge: (facts): Occurrence[] => {
    const [first, ...more] = asymmetries(facts);
    if (first === undefined) return [];
    const { rule, route, device, back } = first;
    const { before, after, quotes } = facts.counters;
    const dropped = growth(before, after, COUNTER) ?? 0;
    const counted =
      dropped === 0
        ? 'none was during the run'
        : `it dropped ${dropped} ${dropped === 1 ? 'packet' : 'packets'} during the run, whoever's they were`;
    const also = more.length === 0 ? '' : `; so it is with ${more.length} more`;
    const name = device.replace(/[^\w-]/g, '\\$&');
    return [
      occurrence(
        meta,
        dropped === 0 ? 'info' : 'warning',
        `What rule "${rule.text}" leads out by ${device} (${routeText(route)}) is answered there, and the reverse path filter of ${device}, which is strict, drops the answers: it does not know what the rule asks for, and without it the way back leads through ${back.devices.join(', ')} (${routeText(back)})${also}; ${counted}.`,
        [
          { command: facts.results.rules?.command ?? [], excerpt: rule.text },
          ...quoteRoutes(facts.results.routes, facts.routes ?? [], (one) => one === route || one === back),
          ...quote(facts.results.rpFilter, new RegExp(`/(all|${name})/(rp_filter|src_valid_mark)`), 4),
          ...(dropped === 0 ? [] : quoteCounters(quotes, before, after, [COUNTER])),
        ],
        { remediation: remedyFor(first) },
      ),
    ];
  },
};
