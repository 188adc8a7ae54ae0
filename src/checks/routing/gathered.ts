/** From evidence to facts: parses each result. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseBridgeCalls } from '../../parsers/bridge-calls.ts';
import { parseForwarding } from '../../parsers/forwarding.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parseNeighbours } from '../../parsers/ip-neigh.ts';
import { parseRoutes, parseRules } from '../../parsers/ip-route.ts';
import { parseIptablesTables } from '../../parsers/iptables-tables.ts';
import { parseOddSockets } from '../../parsers/odd-sockets.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseProxyArp } from '../../parsers/proxy-arp.ts';
import { parseAdvertisements } from '../../parsers/router-advertisements.ts';
import { parseMarkedLookups, parseStrictInterfaces } from '../../parsers/rp-filter.ts';
import { answerWays } from '../shared/answer-ways.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { read } from '../shared/measured.ts';
import { wayOf } from '../shared/way.ts';
import type { RoutingFacts, RoutingInput } from './facts.ts';

export function routingFacts(
  evidence: Evidence,
  { destinations, pod, cluster, probed }: RoutingInput,
): RoutingFacts {
  const list = <T extends object>(id: string, parse: (text: string) => T | undefined): T | undefined =>
    read(evidence[id], 'ip', parse).value;
  const files = <T extends object>(id: string, parse: (text: string) => T | undefined): T | undefined =>
    read(evidence[id], 'grep', parse).value;
  return {
    ways: destinations.map((destination) => wayOf(evidence, destination)),
    pod,
    cluster,
    probed,
    answers: probed && answerWays(evidence),
    interfaces: list('addresses', parseInterfaces),
    routes: list('routes', parseRoutes),
    rules: { inet: list('rules', parseRules), inet6: list('rules6', parseRules) },
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    handshakes: read(evidence['odd-sockets'], 'sh', parseOddSockets).value,
    forwarding: files('forwarding', parseForwarding),
    bridgeCalls: files('bridge-calls', parseBridgeCalls),
    neighboursBefore: list('neighbours-before', parseNeighbours),
    neighbours: list('neighbours', parseNeighbours),
    filters: ['iptables', 'iptables-legacy'].flatMap((id) => filterOf(evidence[id])),
    strict: files('rp-filter', parseStrictInterfaces),
    marksCount: files('rp-filter', parseMarkedLookups),
    proxyArp: files('rp-filter', parseProxyArp),
    advertisements: files('rp-filter', parseAdvertisements),
    results: {
      interfaces: evidence['addresses'],
      routes: evidence['routes'],
      rules: evidence['rules'],
      rules6: evidence['rules6'],
      rpFilter: evidence['rp-filter'],
      forwarding: evidence['forwarding'],
      bridgeCalls: evidence['bridge-calls'],
      neighbours: evidence['neighbours'],
      handshakes: evidence['odd-sockets'],
    },
  };
}

function filterOf(result: ProbeResult | undefined): RoutingFacts['filters'] {
  // A part of the rules would say nothing of what they do to a packet.
  const tables = read(result, 'iptables-save', parseIptablesTables).value;
  return tables === undefined || result === undefined ? [] : [{ tables, result }];
}
