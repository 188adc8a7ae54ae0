/** From evidence to facts: parses each result, and tells for what is missing why it is. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseConntrackProc } from '../../parsers/conntrack.ts';
import { type Neighbour, parseNeighbours, parseNeighbourTable } from '../../parsers/ip-neigh.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { growth, parseCounters } from '../../parsers/proc-net.ts';
import { parsePrivileges } from '../../parsers/proc-status.ts';
import { nextHop } from '../../parsers/reach.ts';
import { parseSs, type TcpSocket } from '../../parsers/ss.ts';
import { unreachablesOf } from '../capture.ts';
import { expectsAnswer, PAYLOAD_BYTES, reachOf } from '../reach-probe.ts';
import { type Cause, causeOf, type Signs } from './cause.ts';
import type { FirewallFacts, FirewallInput, PathFacts, RuleHit } from './facts.ts';
import { policyAnswer } from './policy-answer.ts';
import { meets, type Packet, type RuleSnapshots, ruleSnapshots } from './rule-hits.ts';

/** What all destinations share. */
interface Shared {
  readonly facts: Omit<FirewallFacts, 'paths'>;
  readonly rules: RuleSnapshots;
  readonly sockets: readonly TcpSocket[];
  readonly neighbours: readonly Neighbour[];
}

export function firewallFacts(evidence: Evidence, input: FirewallInput): FirewallFacts {
  const [before, after] = [evidence['counters-before'], evidence['counters-after']];
  const privileges = parsePrivileges(evidence['status']?.stdout ?? '');
  const rules = ruleSnapshots(evidence);
  const facts: Shared['facts'] = {
    privileges,
    counters: {
      before: parseCounters(before?.stdout ?? ''),
      after: parseCounters(after?.stdout ?? ''),
      quotes: [before, after].filter((r) => r !== undefined),
    },
    capture: unreachablesOf(evidence['icmp-errors'], privileges),
    captureResult: evidence['icmp-errors'],
    socketsResult: evidence['reach-sockets'],
    neighboursResult: evidence['neighbours'],
    table: {
      before: parseNeighbourTable(evidence['table-before']?.stdout ?? ''),
      after: parseNeighbourTable(evidence['table-after']?.stdout ?? ''),
      result: evidence['table-after'],
    },
    rules: rules.books,
    invalid: invalidPackets(evidence['conntrack-before'], evidence['conntrack-after']),
    conntrackResult: evidence['conntrack-after'],
    policies: input.policies,
  };
  const shared: Shared = {
    facts,
    rules,
    sockets: parseSs(evidence['reach-sockets']?.stdout ?? ''),
    neighbours: parseNeighbours(evidence['neighbours']?.stdout ?? '') ?? [],
  };
  return {
    ...facts,
    paths: input.destinations.map((d) => pathFacts(d, evidence[`${d.id}-reach`], input, shared)),
  };
}

function invalidPackets(before: ProbeResult | undefined, after: ProbeResult | undefined): number | undefined {
  const from = parseConntrackProc(before?.stdout ?? '')?.['invalid'];
  const to = parseConntrackProc(after?.stdout ?? '')?.['invalid'];
  return from === undefined || to === undefined ? undefined : to - from;
}

function pathFacts(
  destination: Destination,
  result: ProbeResult | undefined,
  input: FirewallInput,
  { facts, rules, sockets, neighbours }: Shared,
): PathFacts {
  const reach = reachOf(result);
  const address = reach.value?.address ?? destination.host;
  // reach PROTO NAME PORT: where the port was a placeholder, the runner has filled it in.
  const port = Number(result?.command[3] ?? destination.port);
  const hop = nextHop(reach.value?.routes ?? []);
  const signs: Omit<Signs, 'reach'> = {
    protocol: destination.protocol,
    expectsAnswer: expectsAnswer(destination),
    address,
    hop,
    neighbour: hop && neighbours.find((n) => n.address === hop.neighbour && n.device === hop.device),
    icmp: (facts.capture.value ?? []).filter(
      (e) =>
        sameAddress(e.about, address) &&
        (e.port === undefined || e.port === port) &&
        (e.protocol === undefined || e.protocol === destination.protocol),
    ),
    listened: facts.capture.value !== undefined,
    socket: sockets.find((s) => isPeer(s.peer, address, port) && isProbe(s)),
    forbidding: (reach.value?.routes ?? []).filter((line) =>
      /^(blackhole|unreachable|prohibit)\b/.test(line),
    ),
    grown: {
      synRetrans: grown(facts, 'TcpExt.TCPSynRetrans'),
      retransFail: grown(facts, 'TcpExt.TCPRetransFail'),
      icmpUnreachable: grown(facts, 'Icmp.InDestUnreachs'),
      noRoutes: grown(facts, 'Ip.OutNoRoutes'),
      tableOverflows:
        facts.table.before && facts.table.after
          ? facts.table.after.overflows - facts.table.before.overflows
          : undefined,
    },
  };
  const cause: Cause =
    reach.value === undefined
      ? { kind: 'unmeasured', reason: reach.skipped }
      : causeOf({ ...signs, reach: reach.value });
  const packet = { protocol: destination.protocol, address, port, source: hop?.source };
  const policy = policyAnswer(input.policies, destination, address, port);
  return {
    destination,
    reach,
    address,
    port,
    hop,
    neighbour: signs.neighbour,
    icmp: signs.icmp,
    socket: signs.socket,
    forbidding: signs.forbidding,
    cause,
    ...blocking(cause, packet, rules),
    policy,
    results: { reach: result },
  };
}

function grown({ counters }: Shared['facts'], name: string): number | undefined {
  return growth(counters.before, counters.after, name);
}

function isPeer(peer: string, address: string, port: number): boolean {
  return peer === (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
}

/** The probe's socket, and none that the target's own programs have to the same place: it is new. */
function isProbe({ state, sendQueue, acknowledged }: TcpSocket): boolean {
  if (state === 'SYN-SENT') return true;
  return state === 'ESTAB' && sendQueue > 0 && sendQueue <= PAYLOAD_BYTES && acknowledged <= 1;
}

/** Causes that a rule of the target's own network can have. */
const BY_RULE: readonly Cause['kind'][] = [
  'dropped',
  'dropped-here',
  'no-datagram',
  'rejected',
  'prohibited',
  'refused',
  'stalled',
];

function blocking(
  cause: Cause,
  packet: Packet,
  { grown: counters, uncounted }: RuleSnapshots,
): Pick<PathFacts, 'hits' | 'suspects'> {
  if (!BY_RULE.includes(cause.kind)) return { hits: [], suspects: [] };
  const hits = counters.flatMap((hit): RuleHit[] => {
    const direction = meets(hit.rule, packet);
    return direction === undefined ? [] : [{ ...hit, direction }];
  });
  const side =
    cause.kind === 'dropped-here'
      ? 'output'
      : cause.kind === 'dropped' || cause.kind === 'no-datagram'
        ? 'input'
        : undefined;
  const suspects = uncounted.filter((rule) => {
    const direction = meets(rule, packet);
    return direction !== undefined && (direction === 'unknown' || direction === side);
  });
  return { hits, suspects: hits.length > 0 ? [] : suspects };
}
