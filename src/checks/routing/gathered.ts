/** From evidence to facts: parses each result. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import { parseForwarding } from '../../parsers/forwarding.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parseRoutes, parseRules } from '../../parsers/ip-route.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseStrictInterfaces } from '../../parsers/rp-filter.ts';
import { wayOf } from '../way.ts';
import type { RoutingFacts, RoutingInput } from './facts.ts';

export function routingFacts(evidence: Evidence, { destinations, pod, cluster }: RoutingInput): RoutingFacts {
  const out = (id: string): string => evidence[id]?.stdout ?? '';
  return {
    ways: destinations.map((destination) => wayOf(evidence, destination)),
    pod,
    cluster,
    interfaces: parseInterfaces(out('addresses')),
    routes: parseRoutes(out('routes')),
    rules: { inet: parseRules(out('rules')), inet6: parseRules(out('rules6')) },
    counters: {
      before: parseCounters(out('counters-before')),
      after: parseCounters(out('counters-after')),
      quotes: [evidence['counters-before'], evidence['counters-after']].filter((r) => r !== undefined),
    },
    forwarding: parseForwarding(out('forwarding')),
    strict: parseStrictInterfaces(out('rp-filter')),
    results: {
      interfaces: evidence['addresses'],
      routes: evidence['routes'],
      rules: evidence['rules'],
      rules6: evidence['rules6'],
      rpFilter: evidence['rp-filter'],
      forwarding: evidence['forwarding'],
    },
  };
}
