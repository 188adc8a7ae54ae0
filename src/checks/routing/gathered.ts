/** From evidence to facts: parses each result. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import { parseForwarding } from '../../parsers/forwarding.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parseRoutes, parseRules } from '../../parsers/ip-route.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseStrictInterfaces } from '../../parsers/rp-filter.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { read } from '../shared/measured.ts';
import { wayOf } from '../shared/way.ts';
import type { RoutingFacts, RoutingInput } from './facts.ts';

export function routingFacts(evidence: Evidence, { destinations, pod, cluster }: RoutingInput): RoutingFacts {
  const list = <T extends object>(id: string, parse: (text: string) => T | undefined): T | undefined =>
    read(evidence[id], 'ip', parse).value;
  const files = <T extends object>(id: string, parse: (text: string) => T | undefined): T | undefined =>
    read(evidence[id], 'grep', parse).value;
  return {
    ways: destinations.map((destination) => wayOf(evidence, destination)),
    pod,
    cluster,
    interfaces: list('addresses', parseInterfaces),
    routes: list('routes', parseRoutes),
    rules: { inet: list('rules', parseRules), inet6: list('rules6', parseRules) },
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    forwarding: files('forwarding', parseForwarding),
    strict: files('rp-filter', parseStrictInterfaces),
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
