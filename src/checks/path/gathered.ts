/** From evidence to facts: which packet was seen where, and where it was missed first. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseIpsetRules, parseNftSetRules, type SetRule } from '../../parsers/address-sets.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import { parseNeighbours } from '../../parsers/ip-neigh.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import { isLoopback, parseListeners } from '../../parsers/listeners.ts';
import { parseCounters, parseCounters6 } from '../../parsers/proc-net.ts';
import { nextHop, type Reach } from '../../parsers/reach.ts';
import { parseSocketDrops } from '../../parsers/socket-drops.ts';
import { parseCaptureCounts } from '../../parsers/tcpdump-counts.ts';
import { parseSegments, type SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { netfilter } from '../shared/drops/kinds/netfilter.ts';
import { firstLine, NOT_RUN, read, seenOf } from '../shared/measured.ts';
import { type Fields, fits, holdsAll } from '../shared/packet.ts';
import { reachOf } from '../shared/reach-probe.ts';
import { because } from '../shared/reason.ts';
import { ruleSnapshots } from '../shared/rule-hits.ts';
import { ipsetsOf, withElement } from '../shared/set-element.ts';
import { dropsOf, knownSpaces, spaceOf, TCP, watchersOf } from './drops.ts';
import { exitOf, isLostBeyond, isLostOnNode } from './exit.ts';
import type {
  Allowed,
  EndFacts,
  KnownSpace,
  Loss,
  PathFacts,
  PathInput,
  PathRoute,
  PathsFacts,
  Place,
  PlaceFacts,
  Point,
  Role,
  SeenDrop,
  WatcherFacts,
} from './facts.ts';
import { evidenceId, evidenceOf, MAX_SEGMENTS } from './watch.ts';

export function pathsFacts(evidence: Evidence, input: PathInput): PathsFacts {
  const places = input.places.map((place) => placeFacts(place, evidence));
  const watchers = watchersOf(input, evidence);
  const spaces = knownSpaces(input, evidence, places, watchers);
  const around = { places, watchers, spaces, own: input.own?.addresses ?? [], inside: input.inside ?? [] };
  const paths = input.routes
    .filter(({ destination }) => destination.protocol === 'tcp')
    .map((route) => pathFacts(route, around, evidence, input.allowed?.[route.destination.id]));
  return {
    places,
    paths,
    ends: input.routes.flatMap((route) => endFacts(route, around, paths)),
    watchers,
  };
}

/** What all of the ways have in common. */
interface Around {
  readonly places: readonly PlaceFacts[];
  readonly watchers: readonly WatcherFacts[];
  readonly spaces: readonly KnownSpace[];
  /** The target's addresses. */
  readonly own: readonly string[];
  /** {@link PathInput.inside} */
  readonly inside: readonly string[];
}

/** Nothing where the destination is on a node that is not looked at. */
function endFacts(
  { destination, places }: PathRoute,
  { places: all, watchers, spaces, own }: Around,
  paths: readonly PathFacts[],
): EndFacts[] {
  const id = places.find(({ role }) => role === 'destination')?.id;
  const path = paths.find((one) => one.destination === destination);
  return all
    .filter(({ place }) => place.id === id)
    .map((place) => ({
      destination,
      port: path?.port ?? Number(destination.port),
      place,
      isLost: path?.loss !== undefined,
      drops:
        destination.protocol === 'udp'
          ? dropsOf(
              {
                protocol: 'udp',
                address: destination.host,
                port: Number(destination.port),
                sources: own,
              },
              watchers,
              spaces,
            )
          : [],
    }));
}

function placeFacts(place: Place, evidence: Evidence): PlaceFacts {
  const own = (command: string): ProbeResult | undefined => evidence[evidenceId(place.id, command)];
  const within = evidenceOf(evidence, place.id);
  const rules = ruleSnapshots(within);
  const listeners = own('listeners');
  const neighbours = own('neighbours');
  return {
    place,
    space: spaceOf(own('space'), place.node ?? place.onNode ?? ''),
    seen: own('seen'),
    segments: segmentsOf(own('seen')),
    hasRules: within['nft-after'] !== undefined,
    rules: rules.books.skipped,
    grown: rules.grown,
    uncounted: rules.uncounted,
    ipsets: ipsetsOf(within),
    counters: counterSnapshots(within, 'counters', parseCounters),
    listeners: read(listeners, 'ss', (text, { code }) => (code === 0 ? parseListeners(text) : undefined))
      .value,
    listenersResult: listeners,
    neighbours: read(neighbours, 'ip', parseNeighbours).value,
    neighboursResult: neighbours,
    routes: read(own('routes'), 'ip', parseRoutes).value,
    routesResult: own('routes'),
    setRules: setRulesOf(within),
    counters6: counterSnapshots(within, 'counters6', parseCounters6),
    drops: socketDrops(own('drops-before'), own('drops-after')),
    dropsResult: own('drops-after'),
  };
}

/** Of what could not be read there are none: nothing is said of it. */
function setRulesOf(evidence: Evidence): SetRule[] {
  const nft = read(evidence['nft-after'], 'nft', parseNftSetRules).value ?? [];
  const save = read(evidence['ipsets'], 'ipset', (text, { code }) =>
    code === 0 ? { text } : undefined,
  ).value;
  if (save === undefined) return nft;
  const books = ['iptables-after', 'legacy-after'].flatMap(
    (id) => read(evidence[id], 'iptables-save', (text) => parseIpsetRules(save.text, text)).value ?? [],
  );
  return [...nft, ...books];
}

/** A socket that was opened meanwhile has dropped all of it in the run. */
function socketDrops(before: ProbeResult | undefined, after: ProbeResult | undefined): PlaceFacts['drops'] {
  const [past, now] = [before, after].map((result) =>
    read(result, 'ss', (text, { code, stderr }) => {
      if (code !== 0) return firstLine(stderr) ?? `ss ended with code ${code}`;
      const sockets = parseSocketDrops(text);
      return sockets.length === 0 && text.trim() !== '' ? 'ss does not show what sockets drop' : sockets;
    }),
  );
  if (past?.value === undefined || now?.value === undefined)
    return { skipped: past?.skipped ?? now?.skipped ?? NOT_RUN };
  const then = past.value;
  return {
    value: now.value.map((socket) => {
      const same = then.find((one) => one.protocol === socket.protocol && one.local === socket.local);
      return { ...socket, dropped: Math.max(0, socket.dropped - (same?.dropped ?? 0)) };
    }),
  };
}

/** It listens until it is ended; by itself it ends when it has heard as many as it may. */
function segmentsOf(result: ProbeResult | undefined): PlaceFacts['segments'] {
  const heard = read(result, 'tcpdump', parseSegments, { endsByTime: true });
  const captured = parseCaptureCounts(result?.stderr ?? '')?.captured ?? 0;
  if (heard.value === undefined || Math.max(heard.value.length, captured) < MAX_SEGMENTS) return heard;
  return {
    skipped: because(`only the first ${MAX_SEGMENTS} packets were recorded, and that many came`),
    part: heard.value,
  };
}

function pathFacts(
  { destination, places, isOutside }: PathRoute,
  { places: all, watchers, spaces, own, inside }: Around,
  evidence: Evidence,
  allowed: Allowed | undefined,
): PathFacts {
  const reachResult = evidence[`${destination.id}-reach`];
  const reach = reachOf(reachResult);
  const address = reach.value?.address ?? destination.host;
  const port = Number(reachResult?.command[3] ?? destination.port);
  const route = places.flatMap(({ id, role }): Stop[] => {
    const at = all.find(({ place }) => place.id === id);
    return at ? [{ at, role }] : [];
  });
  const points = reach.value ? pointsOf(route, { address, port }, isOutside === true) : [];
  const failed = reach.value !== undefined && !isConnected(reach.value);
  const missing = failed ? (foreignAnswer(points) ?? lossOf(points)) : undefined;
  const isBeyond = isOutside && missing !== undefined && isLostBeyond(missing);
  const source = nextHop(reach.value?.routes ?? [])?.source;
  const translated = translatedOn(points);
  // Behind the translation rules match what stands in its place.
  const probe: Probe = { address, port, source: translated?.to ?? source };
  const sources = [
    ...new Set([...own, ...(source === undefined ? [] : [source]), ...points.flatMap((p) => p.sources)]),
  ];
  const drops = dropsOf({ protocol: 'tcp', address, port, sources }, watchers, spaces);
  const sentFrom = source === undefined ? own : [...own, source];
  const exit = isBeyond
    ? exitOf(missing, { address, port, own: sentFrom, inside }, evidence, destination)
    : undefined;
  const drop = missing && !isBeyond ? dropAt(missing, drops) : undefined;
  // The kernel's own word: what it drops for another reason no rule drops.
  const isByRule = drop === undefined || drop.kind === netfilter;
  const hit = missing && !isBeyond && isByRule ? hitAt(missing, probe) : undefined;
  const isKnown = !isOutside || drop !== undefined || hit !== undefined || !isLostOnNode(missing);
  const loss = isBeyond || !isKnown ? undefined : missing;
  return {
    destination,
    isOutside: isOutside === true,
    address,
    port,
    reach,
    reachResult,
    points,
    source: probe.source,
    allowed,
    translated,
    loss,
    ...(exit === undefined ? {} : { exit }),
    hit,
    suspect: loss && isByRule && hit === undefined ? suspectAt(loss, probe) : undefined,
    drop,
    drops: drops.filter((one) => one !== drop),
    refusal: failed && loss === undefined ? refusalOf(points, probe) : undefined,
  };
}

export function isConnected({ tries }: Reach): boolean {
  return tries.at(-1)?.outcome === 'connected';
}

interface Stop {
  readonly at: PlaceFacts;
  readonly role: Role;
}

/**
 * The points of the way and what passed there. A probe is known again at every place by its initial sequence number,
 * which neither routers nor NAT change, and its answer by the number that it acknowledges (RFC 9293, section 3.4).
 * @param goesOn the last place is not where it ends
 */
function pointsOf(
  route: readonly Stop[],
  { address, port }: Pick<Probe, 'address' | 'port'>,
  goesOn: boolean,
): Point[] {
  const source = route[0]?.at;
  // The number of the probe itself may be among what is not known: then nothing of it can be known again.
  if (source?.segments.value === undefined) return [];
  const segments = new Map(route.map(({ at }) => [at, seenOf(at.segments) ?? []]));
  const isProbe = (s: SeenSegment): boolean =>
    s.flags === 'S' && sameAddress(s.destination, address) && s.destinationPort === port;
  const tags = new Set(
    (segments.get(source) ?? []).filter((s) => s.outgoing && isProbe(s)).map((s) => s.sequence),
  );
  const passed = ({ at, role }: Stop, packet: Point['packet'], way: Point['way']): Point => {
    const heard = (segments.get(at) ?? [])
      .filter((s) => s.outgoing === (way === 'out'))
      .filter((s) =>
        packet === 'probe'
          ? isProbe(s) && tags.has(s.sequence)
          : s.acknowledged !== undefined && tags.has((s.acknowledged + 0xffffffff) % 2 ** 32),
      );
    const sources = packet === 'probe' ? [...new Set(heard.map((s) => s.source))] : [];
    return { place: at, role, way, packet, lines: linesAt(at, heard), sources };
  };
  const there = route.flatMap((at, i) => [
    ...(i === 0 ? [] : [passed(at, 'probe', 'in')]),
    ...(i === route.length - 1 && !goesOn ? [] : [passed(at, 'probe', 'out')]),
  ]);
  const back = [...route]
    .reverse()
    .flatMap((at, i) => [
      ...(i === 0 && !goesOn ? [] : [passed(at, 'answer', 'in')]),
      ...(i === route.length - 1 ? [] : [passed(at, 'answer', 'out')]),
    ]);
  return [...there, ...back];
}

/** Where the source address of the probe is no longer the one that it left with. */
function translatedOn(points: readonly Point[]): PathFacts['translated'] {
  const seen = points.filter(({ sources }) => sources.length === 1);
  const [first] = seen;
  const at = seen.find(({ sources }) => sources[0] !== first?.sources[0]);
  const before = at && seen[seen.indexOf(at) - 1];
  const [from] = first?.sources ?? [];
  const [to] = at?.sources ?? [];
  return from === undefined || to === undefined || !at || !before ? undefined : { from, to, before, at };
}

/** Of a part, what was heard did pass, and what was not may have. */
function linesAt({ segments }: PlaceFacts, heard: readonly SeenSegment[]): Point['lines'] {
  return segments.value === undefined && heard.length === 0 ? undefined : heard.map((s) => s.line);
}

function lossOf(points: readonly Point[]): Loss | undefined {
  const watched = points.filter(({ lines }) => lines !== undefined);
  let at = -1;
  watched.forEach(({ lines = [] }, i) => {
    if (lines.length > 0) at = i;
  });
  const missed = watched[at + 1];
  return missed && { last: watched[at], missed };
}

/** The probe never came to the destination, and still was answered: the answer is somebody else's. */
function foreignAnswer(points: readonly Point[]): Loss | undefined {
  const watched = points.filter(({ lines }) => lines !== undefined);
  const there = watched.filter(({ packet }) => packet === 'probe');
  const answered = watched.find(({ packet, lines = [] }) => packet === 'answer' && lines.length > 0);
  const at = there.findLastIndex(({ lines = [] }) => lines.length > 0);
  const missed = there[at + 1];
  const last = there[at];
  return answered && missed && there.at(-1)?.role === 'destination' ? { last, missed, answered } : undefined;
}

/** The drop of the packet that is missed. One at a place that it passed, as was seen, is another packet's. */
function dropAt({ last, missed }: Loss, drops: readonly SeenDrop[]): SeenDrop | undefined {
  // What comes in and is not answered: either of both was dropped there.
  const packets = [last?.packet ?? 'probe', last === undefined ? 'probe' : missed.packet];
  const around = [missed.place, last?.place];
  return drops.find(
    (one) =>
      packets.includes(one.packet) &&
      one.flow.protocol === TCP &&
      (one.space?.place === undefined || around.includes(one.space.place)),
  );
}

/** What is known of the probe. */
interface Probe {
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
}

function sentFields({ address, port, source }: Probe): Fields {
  return { protocol: 'tcp', daddr: address, dport: port, saddr: source, ctstate: ['new'] };
}

/** The first rule that fits at the place where the packet was last seen, or where it should have come in. */
function hitAt({ last, missed }: Loss, probe: Probe): PathFacts['hit'] {
  const isAnswer = missed.packet === 'answer' && last?.packet === 'answer';
  const { address, port, source } = probe;
  const there = { protocol: 'tcp', daddr: address, dport: port, saddr: source };
  const back = { protocol: 'tcp', saddr: address, sport: port, daddr: source };
  const places = [...new Set([last?.place ?? missed.place, missed.place])];
  const packet = isAnswer ? back : there;
  const all = places.flatMap(({ grown, ipsets }) => grown.map((one) => ({ ...one, ipsets })));
  const found = all.find(({ rule }) => fits(rule.matches, packet) && fitsFamily(rule.family, address));
  const own = found && { ...found, rule: withElement(found.rule, packet, found.ipsets) };
  // Between two nodes an overlay carries it as a packet of their own.
  return own ?? (areBothNodes(last, missed) ? all.find(({ rule }) => isOfOverlay(rule)) : undefined);
}

function areBothNodes(last: Point | undefined, missed: Point): boolean {
  return (
    last?.place.place.node !== undefined &&
    missed.place.place.node !== undefined &&
    last.place !== missed.place
  );
}

/** VXLAN (Linux' own port, as flannel takes it, and IANA's), Geneve, WireGuard (as flannel and Calico take it). */
const OVERLAY_PORTS: readonly string[] = ['8472', '4789', '6081', '51820', '51821'];

/** Whether the rule asks for UDP to ports of overlays, and for no other. */
export function isOfOverlay({ matches }: FilterRule): boolean {
  const ports = matches.filter(({ field, negated }) => field === 'dport' && !negated);
  const isUdp = matches.some(
    ({ field, values, negated }) =>
      field === 'protocol' && !negated && values.some((v) => v === 'udp' || v === '17'),
  );
  return (
    isUdp && ports.length > 0 && ports.every(({ values }) => values.every((v) => OVERLAY_PORTS.includes(v)))
  );
}

/** Where the packet came into a place and did not come out of it: the rule that stops it there, as they are read. */
function suspectAt({ last, missed }: Loss, probe: Probe): FilterRule | undefined {
  if (last !== undefined && last.place !== missed.place) return undefined;
  const isAnswer = last?.packet === 'answer';
  const { address, port, source } = probe;
  const packet: Fields = isAnswer
    ? { protocol: 'tcp', saddr: address, sport: port, daddr: source, ctstate: ['established'] }
    : sentFields(probe);
  const hooks = hooksOf(last, missed);
  const found = missed.place.uncounted.find(
    (rule) =>
      rule.hook !== undefined &&
      hooks.includes(rule.hook) &&
      rule.isUnderstood &&
      fitsFamily(rule.family, address) &&
      fits(rule.matches, packet) &&
      !rule.spared.some((matches) => holdsAll(matches, packet)),
  );
  return found && withElement(found, packet, missed.place.ipsets);
}

/** The hooks of netfilter between what a capture sees come in and what it sees go out. */
function hooksOf(last: Point | undefined, missed: Point): readonly string[] {
  if (last === undefined) return ['output', 'postrouting'];
  const isEnd = missed.role === 'destination' || missed.role === 'source';
  return isEnd ? ['prerouting', 'input'] : ['prerouting', 'forward', 'postrouting'];
}

/** Why the destination refuses, as it was seen there. */
function refusalOf(points: readonly Point[], probe: Probe): PathFacts['refusal'] {
  const answer = points.find(({ role, packet }) => role === 'destination' && packet === 'answer');
  const { listeners, grown, ipsets = new Map() } = answer?.place ?? {};
  if (!answer?.lines?.some((line) => /Flags \[R/.test(line)) || listeners === undefined) return undefined;
  const own = listeners.filter((l) => l.protocol === 'tcp' && l.port === probe.port);
  if (own.length === 0) return { kind: 'closed', open: listeners.filter((l) => l.protocol === 'tcp') };
  if (own.every(isLoopback)) return { kind: 'loopback', open: own };
  const hit = grown?.find(
    ({ rule }) =>
      rule.verdict === 'reject' &&
      fits(rule.matches, sentFields(probe)) &&
      fitsFamily(rule.family, probe.address),
  );
  return hit && { kind: 'rule', hit: { ...hit, rule: withElement(hit.rule, sentFields(probe), ipsets) } };
}

function fitsFamily(family: string, address: string): boolean {
  if (family === 'arp') return false;
  return address.includes(':') ? family !== 'ip' : family !== 'ip6';
}
