/** From the evidence of a routing run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Json } from '../../model/report.ts';
import { growth } from '../../parsers/proc-net.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason, noIpJson } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { routeOf, type Way } from '../shared/way.ts';
import type { RoutingFacts, RoutingInput } from './facts.ts';
import { routingFacts } from './gathered.ts';
import { ROUTING_RULES } from './rules/index.ts';

export function judgeRouting(
  evidence: Evidence,
  input: RoutingInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = routingFacts(evidence, input);
  return conclude(evidence, {
    found: ROUTING_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, words),
  });
}

function outcome({ ways }: RoutingFacts, words: PlaceWords): Outcome {
  const asked = ways.find((way) => way.hop.value === undefined && way.destination.role === 'asked');
  const none = ways.every((way) => way.hop.value === undefined) ? ways[0] : undefined;
  const lost = asked ?? none;
  if (lost?.hop.skipped !== undefined)
    return {
      status: lost.hop.skipped.code === 'no-tool' ? 'skip' : 'error',
      summary: `The route to ${lost.destination.label} could not be looked up: ${tell(lost.hop.skipped, words)}.`,
    };
  if (ways.length === 0)
    return { status: 'skip', summary: 'There is no destination to look a route up for.' };
  const refused = ways.find((way) => way.hop.value?.route.outcome === 'error');
  // A rule would have said why, had it seen the tables.
  if (refused)
    return {
      status: 'error',
      summary: `The kernel does not send to ${refused.destination.label} (${refused.hop.value?.route.line}), and why could not be determined.`,
    };
  return { status: 'pass', summary: whatWorks(ways) };
}

function whatWorks(ways: readonly Way[]): string {
  const routes = ways.flatMap((way) => routeOf(way) ?? []);
  const there = ways.filter((way) => way.hop.skipped?.code !== 'no-place').length;
  const count =
    routes.length === there ? `all ${there} destinations` : `${routes.length} of ${there} destinations`;
  const each = (values: readonly (string | undefined)[]): string =>
    [...new Set(values.filter((v) => v !== undefined && v !== ''))].join(', ') || '-';
  return `The kernel has a route to ${count}: by ${each(routes.map((r) => r.gateway))} on ${each(routes.map((r) => r.device))}, from ${each(routes.map((r) => r.source))}.`;
}

function skipped(facts: RoutingFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const { destination, hop, icmp, tcp } of facts.ways) {
    if (hop.skipped?.code === 'no-place') continue;
    skips.add(hop.skipped, `the route to ${destination.label}`);
    if (hop.value === undefined) continue;
    if (tcp.value === undefined && icmp.value === undefined)
      skips.add(tcp.skipped, `packets to ${destination.label}`);
    else if (icmp.skipped?.code !== 'virtual')
      skips.add(icmp.skipped, `the sender of ICMP errors for ${destination.label} (NT-RT-007)`);
  }
  const { results, routes, rules } = facts;
  if (routes === undefined)
    skips.add(noIpJson(results.routes), 'the routing tables (NT-RT-001, NT-RT-002 by name)');
  if (rules.inet === undefined) skips.add(noIpJson(results.rules), 'the routing rules (NT-RT-004)');
  if (facts.interfaces === undefined)
    skips.add(noIpJson(results.interfaces), 'the source address (NT-RT-005)');
  if (facts.pod.hostNetwork && facts.results.forwarding && facts.forwarding === undefined)
    skips.add(
      cutReason(facts.results.forwarding) ?? '/proc/sys/net could not be read',
      'forwarding (NT-RT-006)',
    );
  else if (facts.results.forwarding && facts.cluster === undefined)
    skips.add('the API does not tell which pods the node has', 'forwarding (NT-RT-006)');
  if (growth(facts.counters.before, facts.counters.after, 'TcpExt.IPReversePathFilter') === undefined)
    skips.add(
      facts.counters.skipped ?? '/proc/net/netstat could not be read',
      'the reverse path filter (NT-RT-003)',
    );
  return skips;
}

function measurements(facts: RoutingFacts): { readonly [key: string]: Json } {
  const main = facts.routes?.filter((route) => route.table === 'main' && route.destination.length === 0);
  return {
    destinations: facts.ways.map(wayJson),
    defaultRoutes: main?.map((r) => ({ family: r.family, gateways: r.gateways, devices: r.devices })) ?? null,
    rules: facts.rules.inet?.length ?? null,
    strictReversePath: facts.strict ?? null,
    ...(facts.forwarding === undefined
      ? {}
      : { forwarding: { inet: isOn(facts, 'inet'), inet6: isOn(facts, 'inet6') } }),
    reversePathDrops:
      growth(facts.counters.before, facts.counters.after, 'TcpExt.IPReversePathFilter') ?? null,
  };
}

function isOn({ forwarding }: RoutingFacts, family: 'inet' | 'inet6'): Json {
  return forwarding?.[family].get('all') ?? null;
}

function wayJson(way: Way): Json {
  const route = way.hop.value?.route;
  return {
    name: way.destination.label,
    role: way.destination.role,
    address: way.hop.value?.address ?? null,
    ...(route === undefined
      ? { skipped: way.hop.skipped === undefined ? '' : tell(way.hop.skipped) }
      : route.outcome === 'error'
        ? { error: route.error }
        : {
            gateway: route.gateway ?? null,
            device: route.device,
            source: route.source ?? null,
            local: route.local,
          }),
    answered: way.answered ?? null,
  };
}
