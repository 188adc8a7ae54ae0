import { growth } from '../../../parsers/proc-net.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-003',
  title: 'Answers are dropped by the reverse path filter',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'Packets arrive on one interface while the route back to their sender leads through another, and rp_filter is strict there: the kernel drops them silently. Connections time out, though a capture shows the answers arriving.',
  rule: "TcpExt IPReversePathFilter grew during the run. Critical when a destination did not answer meanwhile and an interface other than the one that it is sent to through is strict, otherwise a warning (a single packet: info); in the node's own namespace, which hears much that is not meant for it, only the former.",
  source: 'Linux: Documentation/networking/ip-sysctl.rst (rp_filter), RFC 3704',
  remedy:
    "Make the ways there and back the same (a route or a source-based rule for the interface on which the answers come), or let the filter be loose on it: sysctl -w net.ipv4.conf.IFACE.rp_filter=2, for a pod by securityContext.sysctls or its CNI plugin's tuning.",
  explains: { depth: 530, target: ALL_TRAFFIC },
} as const;

const COUNTER = 'TcpExt.IPReversePathFilter';

function wayThere(way: Way): string {
  const route = routeOf(way);
  return `${nameOf(way)}${route ? `, which is sent to through ${route.device}` : ''}`;
}

/** Answers that come in where the question went out pass: some other interface has to be strict. */
function mayBeDropped({ strict, interfaces }: RoutingFacts, way: Way): boolean {
  if (strict === undefined) return true;
  const device = routeOf(way)?.device;
  const isThere = (name: string): boolean =>
    interfaces === undefined || interfaces.some((i) => i.name === name && i.flags.includes('UP'));
  return strict.some((name) => name !== device && isThere(name));
}

export const reversePath: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => {
    const { before, after, quotes } = facts.counters;
    const dropped = growth(before, after, COUNTER);
    if (dropped === undefined || dropped <= 0) return [];
    const silent = facts.ways.filter(
      (way) => way.answered === false && routeOf(way)?.local === false && mayBeDropped(facts, way),
    );
    if (silent.length === 0 && facts.pod.hostNetwork) return [];
    const strict = (facts.strict ?? []).filter(
      (name) => silent.length === 0 || silent.some((way) => routeOf(way)?.device !== name),
    );
    const where = strict.length === 0 ? '' : ` (strict on ${strict.join(', ')})`;
    const who = silent.length === 0 ? '' : `, and no answer came from ${silent.map(wayThere).join('; ')}`;
    const [first] = silent;
    return [
      occurrence(
        meta,
        first ? 'critical' : dropped === 1 ? 'info' : 'warning',
        `The reverse path filter${where} dropped ${dropped} packet${dropped === 1 ? '' : 's'} during the run${who}.`,
        [
          ...quoteCounters(quotes, before, after, [COUNTER]),
          ...(first ? quote(first.results.hop, / dev /, 1) : []),
          ...quote(
            facts.results.rpFilter,
            strict.length === 0 ? /:[12]$/ : new RegExp(`/(all|${strict.map(escaped).join('|')})/`),
          ),
        ],
      ),
    ];
  },
};

function escaped(text: string): string {
  return text.replace(/[^\w-]/g, '\\$&');
}
