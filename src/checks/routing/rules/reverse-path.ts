import type { Occurrence } from '../../../model/finding.ts';
import { parsePrefix, sameAddress } from '../../../parsers/ip-prefix.ts';
import { routeText } from '../../../parsers/ip-route.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { lookup } from '../../shared/lookup.ts';
import { meta } from '../../shared/metas/reverse-path.ts';
import { quote, quoteCounters, quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

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

/**
 * Pods that are known to be behind a strict interface, while the way to them leads through another: whatever they send is
 * dropped, ARP too, which no counter shows.
 */
function shutOut(facts: RoutingFacts): Occurrence[] {
  const { strict, neighbours, cluster, routes, rules, results, interfaces } = facts;
  if (!strict || !neighbours || !cluster || !routes || !rules.inet) return [];
  const ways = rules.inet;
  // The bridge of a plugin that is no longer there keeps its entries, and has no carrier.
  const isIdle = (device: string): boolean =>
    interfaces?.find(({ name }) => name === device)?.operstate === 'DOWN';
  const found = cluster.pods.flatMap((pod) => {
    const address = parsePrefix(pod);
    const entry = neighbours.find(
      (one) =>
        one.mac !== undefined &&
        strict.includes(one.device) &&
        !isIdle(one.device) &&
        sameAddress(one.address, pod),
    );
    if (address?.family !== 'inet' || entry === undefined) return [];
    const decision = lookup(
      address,
      ways,
      routes.filter(({ family }) => family === 'inet'),
    );
    const route = decision.kind === 'route' ? decision.route : undefined;
    return route?.table !== 'main' || route.type !== 'unicast' || route.devices.includes(entry.device)
      ? []
      : [{ pod, entry, route }];
  });
  const [first] = found;
  if (first === undefined) return [];
  const { pod, entry, route } = first;
  const also = found.length === 1 ? '' : `, and so it is with ${found.length - 1} more pods`;
  return [
    occurrence(
      meta,
      'critical',
      `The node drops what pod ${pod} sends: it comes in on ${entry.device}, where the reverse path filter is strict, and the way back to it leads through ${route.devices.join(', ')} (${routeText(route)})${also}.`,
      [
        ...quote(results.rpFilter, new RegExp(`/(all|${escaped(entry.device)})/`)),
        {
          command: results.neighbours?.command ?? [],
          excerpt: `${entry.address} dev ${entry.device} lladdr ${entry.mac} ${entry.state}`,
        },
        ...quoteRoutes(results.routes, routes, (one) => one === route),
      ],
    ),
  ];
}

export const reversePath: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => {
    const out = facts.pod.hostNetwork ? shutOut(facts) : [];
    if (out.length > 0) return out;
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
