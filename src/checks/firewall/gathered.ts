/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { parseConntrackProc } from '../../parsers/conntrack.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import { type Neighbour, parseNeighbours, parseNeighbourTables } from '../../parsers/ip-neigh.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseNodePortRules } from '../../parsers/node-port-rules.ts';
import { growth, parseCounters, parseCounters6 } from '../../parsers/proc-net.ts';
import { nextHop, type ReachTry } from '../../parsers/reach.ts';
import { parseSs, type TcpSocket } from '../../parsers/ss.ts';
import type { Unreachable } from '../../parsers/unreachable.ts';
import { expirySenders, objectors, unreachablesOf } from '../shared/capture.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { askingEcn } from '../shared/ecn.ts';
import { isLedOn } from '../shared/led-on.ts';
import { type Measured, privilegesOf, read, seenOf } from '../shared/measured.ts';
import { incoming, outgoing, type Packet } from '../shared/packet.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { expectsAnswer, PAYLOAD_BYTES, reachOf } from '../shared/reach-probe.ts';
import type { RuleHit } from '../shared/rule-hits.ts';
import { meets, type RuleSnapshots, ruleSnapshots, surelyStops } from '../shared/rule-hits.ts';
import { type IpSets, ipsetsOf, withElement } from '../shared/set-element.ts';
import { strayAnswers, strayCapture } from '../shared/stray-answers.ts';
import { type Cause, causeOf, type Signs } from './cause.ts';
import { detourOf } from './detours.ts';
import { type FirewallFacts, type FirewallInput, overflows, type PathFacts, tableOf } from './facts.ts';
import { greetingFacts } from './greetings.ts';
import { holderId, holderOf } from './holder.ts';
import { loopbackFacts, OWN_LISTENERS } from './loopback.ts';
import { machineOf } from './machine.ts';
import { hopOf, markedWay, signOfProxy, type WayBooks, wayBooks } from './marked-way.ts';
import { otherWaysFacts } from './other-ways.ts';
import { behindId } from './plan.ts';
import { policyAnswer } from './policy-answer.ts';
import { toldToSockets } from './told.ts';
import { heardFrom, unboundOf } from './unbound.ts';

/** What all destinations share. */
interface Shared {
  readonly facts: Omit<FirewallFacts, 'paths'>;
  readonly rules: RuleSnapshots;
  readonly ways: WayBooks;
  readonly ipsets: IpSets;
  readonly sockets: readonly TcpSocket[];
  readonly neighbours: readonly Neighbour[];
  readonly openingSegments: ProbeResult | undefined;
}

export function firewallFacts(
  evidence: Evidence,
  input: FirewallInput,
  words: PlaceWords = POD_WORDS,
): FirewallFacts {
  const privileges = privilegesOf(evidence['status']);
  const rules = ruleSnapshots(evidence);
  const ways = wayBooks(evidence);
  const ipsets = ipsetsOf(evidence);
  const facts: Shared['facts'] = {
    privileges,
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    counters6: counterSnapshots(evidence, 'counters6', parseCounters6),
    capture: unreachablesOf(evidence['icmp-errors'], privileges),
    captureResult: evidence['icmp-errors'],
    socketsResult: evidence['reach-sockets'],
    neighboursResult: evidence['neighbours'],
    tables: {
      before: read(evidence['table-before'], 'ip', parseNeighbourTables).value,
      after: read(evidence['table-after'], 'ip', parseNeighbourTables).value,
      result: evidence['table-after'],
    },
    rules: rules.books,
    invalid: invalidPackets(evidence['conntrack-before'], evidence['conntrack-after']),
    conntrackResult: evidence['conntrack-after'],
    policies: input.policies,
    proxies: input.proxies ?? [],
    sidecar: input.sidecar,
    signOfProxy: seenOf(rules.books) === undefined ? signOfProxy(ways, input.sidecar) : undefined,
    expiredAt: expirySenders(evidence['icmp-errors']),
    objectors: objectors(evidence['icmp-errors']),
    words,
    ...nodePortsPart(evidence['nft-after']),
    loopbacks: loopbackFacts(evidence, input.destinations),
    isIsolated: input.isIsolated ?? false,
    isNodeUnseen: input.isNodeUnseen ?? false,
    listenersResult: evidence[OWN_LISTENERS],
    ...machinePart(evidence),
    ...(askingEcn(evidence['ecn']) !== undefined ? { asksForEcn: true as const } : {}),
  };
  const shared: Shared = {
    facts,
    rules,
    ways,
    ipsets,
    sockets: seenOf(socketsOf(evidence['reach-sockets'])) ?? [],
    neighbours: read(evidence['neighbours'], 'ip', parseNeighbours).value ?? [],
    openingSegments: evidence[strayCapture.id],
  };
  return {
    ...facts,
    paths: input.destinations.map((d) => {
      const results = {
        reach: evidence[`${d.id}-reach`],
        behind: evidence[`${behindId(d)}-reach`],
        unbound: unboundOf(evidence, d, input),
      };
      const path = pathFacts(d, results, input, shared);
      const holder = holderOf(evidence[holderId(d)], path.address, path.neighbour?.mac);
      return {
        ...path,
        greeting: greetingFacts(evidence, d, input.greets?.[d.id]),
        otherWays: otherWaysFacts(evidence, d, input.uplinks),
        ...(holder === undefined ? {} : { holder }),
      };
    }),
  };
}

function machinePart(evidence: Evidence): Pick<FirewallFacts, 'machine'> {
  const machine = machineOf(evidence);
  return machine === undefined ? {} : { machine };
}

function nodePortsPart(result: ProbeResult | undefined): Pick<FirewallFacts, 'nodePorts'> {
  const rules = read(result, 'nft', parseNodePortRules).value;
  return rules === undefined || result === undefined ? {} : { nodePorts: { rules, result } };
}

/** Its time may be up before a table of many sockets has come to its end. */
function socketsOf(result: ProbeResult | undefined): Measured<readonly TcpSocket[]> {
  return read(result, 'ss', parseSs);
}

function invalidPackets(before: ProbeResult | undefined, after: ProbeResult | undefined): number | undefined {
  const [from, to] = [before, after].map(
    (result) => read(result, 'cat', parseConntrackProc).value?.['invalid'],
  );
  return from === undefined || to === undefined ? undefined : to - from;
}

/** What came of the probes of one destination. */
interface PathResults {
  readonly reach: ProbeResult | undefined;
  readonly behind: ProbeResult | undefined;
  readonly unbound: PathFacts['unbound'];
}

function pathFacts(
  destination: Destination,
  { reach: result, behind, unbound }: PathResults,
  input: FirewallInput,
  { facts, rules, ways, ipsets, sockets, neighbours, openingSegments }: Shared,
): Omit<PathFacts, 'greeting' | 'otherWays'> {
  const reach = reachOf(result);
  const address = reach.value?.address ?? destination.host;
  const isV6 = address.includes(':');
  // reach PROTO NAME PORT: where the port was a placeholder, the runner has filled it in.
  const port = Number(result?.command[3] ?? destination.port);
  const plain = nextHop(reach.value?.routes ?? []);
  const tries = reach.value?.tries ?? [];
  const packet = { protocol: destination.protocol, address, port, source: plain?.source };
  const isAnswered = tries.some(({ outcome }) => outcome === 'connected' || outcome === 'answered');
  const sent = Math.max(1, tries.length);
  const uid = facts.privileges?.uid ?? 0;
  const marked = markedWay(ways, rules, packet, { sent, isAnswered, uid, hop: plain });
  const hop = marked?.kind === 'elsewhere' ? hopOf(marked, plain, address) : plain;
  const published = input.published?.[destination.id];
  // What this host leads elsewhere never asks on the link: only pings, which are not led, do. That it was not led shows in
  // an error of the connection itself.
  const isOffLink = published?.isTakenHere === true && tries.every(({ outcome }) => outcome !== 'failed');
  const told = toldToSockets(reach.value?.tries ?? [], address, port);
  // Of one without a port, such as "host unreachable", the capture does not tell whether it is about this connection or
  // about a ping: the socket's own word is the better one.
  const heard = (seenOf(facts.capture) ?? []).filter(
    (e) =>
      sameAddress(e.about, address) &&
      (e.port === undefined || e.port === port) &&
      !(isOffLink && e.kind === 'host-unreachable' && e.sender === hop?.source) &&
      (e.protocol === undefined || e.protocol === destination.protocol),
  );
  const signs: Omit<Signs, 'reach'> = {
    protocol: destination.protocol,
    expectsAnswer: expectsAnswer(destination),
    address,
    hop,
    neighbour:
      hop && !isOffLink
        ? neighbours.find((n) => n.address === hop.neighbour && n.device === hop.device)
        : undefined,
    icmp: told.always
      ? told.unreachables.map((e) => heard.find((other) => isSame(other, e)) ?? e)
      : [...heard, ...told.unreachables.filter((e) => !heard.some((other) => isSame(other, e)))],
    listened: facts.capture.value !== undefined || told.always,
    expiredAt: [...facts.expiredAt, ...told.expiredAt],
    socket: sockets.find((s) => isPeer(s.peer, address, port) && isProbe(s)),
    forbidding: (reach.value?.routes ?? []).filter((line) =>
      /^(blackhole|unreachable|prohibit)\b/.test(line),
    ),
    grown: {
      synRetrans: grown(facts, 'TcpExt.TCPSynRetrans'),
      retransFail: grown(facts, 'TcpExt.TCPRetransFail'),
      icmpUnreachable: isV6 ? grown6(facts, 'Icmp6InDestUnreachs') : grown(facts, 'Icmp.InDestUnreachs'),
      noRoutes: isV6 ? grown6(facts, 'Ip6OutNoRoutes') : grown(facts, 'Ip.OutNoRoutes'),
      resets: grown(facts, 'Tcp.OutRsts'),
      tableOverflows: overflows(tableOf(facts, address)),
    },
  };
  const cause: Cause =
    reach.value === undefined
      ? { kind: 'unmeasured', reason: reach.skipped }
      : withUnbound(causeOf({ ...signs, reach: reach.value }), unbound);
  const hostPort = input.hostPorts?.[destination.id];
  const policy = policyAnswer(input.policies, destination, { address, port, source: plain?.source ?? '' });
  return {
    destination,
    reach,
    address,
    port,
    hop,
    neighbour: signs.neighbour,
    icmp: signs.icmp,
    unheard: facts.capture.skipped,
    socket: signs.socket,
    forbidding: signs.forbidding,
    cause,
    marked,
    detour: detourOf(rules.detours, packet, {
      sent,
      isAnswered: cause.kind === 'open' || cause.kind === 'stalled',
    }),
    ...blocking(cause, packet, packetsSent(tries, signs.socket), rules, ipsets),
    policy,
    published,
    straight: isLedOn(published) ? strayAnswers(openingSegments, { address, port }) : undefined,
    hostPort: hostPort && { ...hostPort, reach: reachOf(behind), result: behind },
    podRange: input.podRanges?.[destination.id],
    stray: input.strays?.[destination.id],
    containers: input.containers?.[destination.id] ?? [],
    unbound,
    results: { reach: result },
  };
}

/** A server may answer TFTP alone, and that from a port of its own choice. */
function withUnbound(cause: Cause, { own }: PathFacts['unbound']): Cause {
  const differs = heardFrom(own)?.differs;
  const isAsAsked = differs === 'nothing' || (differs === 'port' && own?.question === 'tftp');
  return cause.kind === 'no-datagram' && isAsAsked ? { kind: 'open' } : cause;
}

function isSame(one: Unreachable, other: Unreachable): boolean {
  return one.kind === other.kind && sameAddress(one.sender, other.sender);
}

function grown({ counters }: Shared['facts'], name: string): number | undefined {
  return growth(counters.before, counters.after, name);
}

function grown6({ counters6 }: Shared['facts'], name: string): number | undefined {
  return growth(counters6.before, counters6.after, name);
}

function isPeer(peer: string, address: string, port: number): boolean {
  return peer === socketAddress(address, port);
}

/** The probe's socket, and none that the target's own programs have to the same place: it is new. */
function isProbe({ state, sendQueue, acknowledged }: TcpSocket): boolean {
  if (state === 'SYN-SENT') return true;
  // The handshake counts one byte, and one goes ahead of the others.
  return state === 'ESTAB' && sendQueue > 0 && sendQueue <= PAYLOAD_BYTES && acknowledged <= 2;
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

/** How many packets the probe is known to have sent to begin with: a rule that stopped them counted as many. */
function packetsSent(tries: readonly ReachTry[], socket: TcpSocket | undefined): number {
  return Math.max(1, tries.length, socket?.state === 'SYN-SENT' ? socket.retransmits : 0);
}

/** Verdicts of rules that say so to who sends. */
const TOLD: readonly Cause['kind'][] = ['refused', 'rejected', 'prohibited'];

function blocking(
  cause: Cause,
  packet: Packet,
  sent: number,
  { grown: counters, uncounted }: RuleSnapshots,
  ipsets: IpSets,
): Pick<PathFacts, 'hits' | 'suspects'> {
  if (!BY_RULE.includes(cause.kind)) return { hits: [], suspects: [] };
  const named = (rule: FilterRule, direction: RuleHit['direction'] | undefined): FilterRule =>
    withElement(rule, direction === 'input' ? incoming(packet) : outgoing(packet), ipsets);
  const hits = counters.flatMap((hit): RuleHit[] => {
    const direction = meets(hit.rule, packet);
    return direction === undefined || hit.packets < sent
      ? []
      : [{ ...hit, rule: named(hit.rule, direction), direction }];
  });
  const side =
    cause.kind === 'dropped-here'
      ? 'output'
      : cause.kind === 'dropped' || cause.kind === 'no-datagram'
        ? 'input'
        : undefined;
  const suspects = uncounted.filter((rule) => {
    if (TOLD.includes(cause.kind)) return rule.verdict === 'reject' && surelyStops(rule, packet);
    const direction = meets(rule, packet);
    return direction !== undefined && (direction === 'unknown' || direction === side);
  });
  return {
    hits,
    suspects: hits.length > 0 ? [] : suspects.map((rule) => named(rule, meets(rule, packet))),
  };
}
