/** From the evidence of a routing run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { growth } from '../../parsers/proc-net.ts';
import { NO_SUCH_PLACE, noIpJson } from '../measured.ts';
import { Skips } from '../skipped.ts';
import { routeOf, VIRTUAL, type Way } from '../way.ts';
import type { RoutingFacts, RoutingInput } from './facts.ts';
import { routingFacts } from './gathered.ts';
import { ROUTING_RULES } from './rules/index.ts';

export function judgeRouting(evidence: Evidence, input: RoutingInput): Judgement {
  const facts = routingFacts(evidence, input);
  const findings = [...ROUTING_RULES.flatMap((rule) => rule.judge(facts)), ...skipped(facts)];
  const asked = facts.ways.filter((way) => way.hop.value === undefined && way.destination.role === 'asked');
  const worst = statusOf(findings);
  const nothing = facts.ways.every((way) => way.hop.value === undefined);
  const status: CheckStatus =
    worst !== 'pass'
      ? worst
      : nothing
        ? hasNoIp(facts)
          ? 'skip'
          : 'error'
        : asked.length > 0
          ? 'error'
          : 'pass';
  return { status, summary: summary(facts, findings, asked), measurements: measurements(facts), findings };
}

function hasNoIp(facts: RoutingFacts): boolean {
  return facts.ways.some((way) => way.hop.skipped === 'the image has no ip');
}

function summary(facts: RoutingFacts, findings: readonly Finding[], asked: readonly Way[]): string {
  const first = findings.find((f) => f.severity !== 'info');
  if (first) return first.summary;
  const lost = asked[0];
  if (lost) return `The route to ${lost.destination.label} could not be looked up: ${lost.hop.skipped}.`;
  const routes = facts.ways.flatMap((way) => routeOf(way) ?? []);
  if (routes.length === 0)
    return `No route could be looked up: ${facts.ways[0]?.hop.skipped ?? 'no destination'}.`;
  const each = (values: readonly (string | undefined)[]): string =>
    [...new Set(values.filter((v) => v !== undefined && v !== ''))].join(', ') || '-';
  return `The kernel has a route to all ${routes.length} destinations: by ${each(routes.map((r) => r.gateway))} on ${each(routes.map((r) => r.device))}, from ${each(routes.map((r) => r.source))}.`;
}

function skipped(facts: RoutingFacts): Finding[] {
  const skips = new Skips();
  for (const { destination, hop, icmp, tcp } of facts.ways) {
    if (hop.skipped === NO_SUCH_PLACE) continue;
    skips.add(hop.skipped, `the route to ${destination.label}`);
    if (hop.value === undefined) continue;
    if (tcp.value === undefined && icmp.value === undefined)
      skips.add(tcp.skipped, `packets to ${destination.label}`);
    else if (icmp.skipped !== VIRTUAL)
      skips.add(icmp.skipped, `the sender of ICMP errors for ${destination.label} (NT-RT-007)`);
  }
  const { results, routes, rules } = facts;
  if (routes === undefined)
    skips.add(noIpJson(results.routes), 'the routing tables (NT-RT-001, NT-RT-002 by name)');
  if (rules.inet === undefined) skips.add(noIpJson(results.rules), 'the routing rules (NT-RT-004)');
  if (facts.interfaces === undefined)
    skips.add(noIpJson(results.interfaces), 'the source address (NT-RT-005)');
  if (facts.pod.hostNetwork && facts.results.forwarding && facts.forwarding === undefined)
    skips.add('/proc/sys/net could not be read', 'forwarding (NT-RT-006)');
  else if (facts.results.forwarding && facts.cluster === undefined)
    skips.add('the API does not tell which pods the node has', 'forwarding (NT-RT-006)');
  if (growth(facts.counters.before, facts.counters.after, 'TcpExt.IPReversePathFilter') === undefined)
    skips.add('/proc/net/netstat could not be read', 'the reverse path filter (NT-RT-003)');
  return skips.findings();
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
      ? { skipped: way.hop.skipped ?? '' }
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
