/** From evidence to facts: which packet was seen where, and where it was missed first. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { nextHop, type Reach } from '../../parsers/reach.ts';
import { parseCaptureCounts } from '../../parsers/tcpdump-counts.ts';
import { parseSegments, type SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import { counterSnapshots } from '../counters.ts';
import { fits } from '../firewall/packet.ts';
import { ruleSnapshots } from '../firewall/rule-hits.ts';
import { read, seenOf } from '../measured.ts';
import { reachOf } from '../reach-probe.ts';
import type {
  Loss,
  PathFacts,
  PathInput,
  PathRoute,
  PathsFacts,
  Place,
  PlaceFacts,
  Point,
  Role,
} from './facts.ts';
import { evidenceId, MAX_SEGMENTS } from './watch.ts';

export function pathsFacts(evidence: Evidence, input: PathInput): PathsFacts {
  const places = input.places.map((place) => placeFacts(place, evidence));
  return { places, paths: input.routes.map((route) => pathFacts(route, places, evidence)) };
}

function placeFacts(place: Place, evidence: Evidence): PlaceFacts {
  const own = (command: string): ProbeResult | undefined => evidence[evidenceId(place.id, command)];
  const prefix = evidenceId(place.id, '');
  const within = Object.fromEntries(
    Object.entries(evidence).flatMap(([id, result]) =>
      id.startsWith(prefix) ? [[id.slice(prefix.length), result]] : [],
    ),
  );
  const listeners = own('listeners');
  return {
    place,
    seen: own('seen'),
    segments: segmentsOf(own('seen')),
    grown: ruleSnapshots(within).grown,
    counters: counterSnapshots(within, 'counters', parseCounters),
    listeners: read(listeners, 'ss', (text, { code }) => (code === 0 ? parseListeners(text) : undefined))
      .value,
    listenersResult: listeners,
  };
}

/** It listens until it is ended; by itself it ends when it has heard as many as it may. */
function segmentsOf(result: ProbeResult | undefined): PlaceFacts['segments'] {
  const heard = read(result, 'tcpdump', parseSegments, { endsByTime: true });
  const captured = parseCaptureCounts(result?.stderr ?? '')?.captured ?? 0;
  if (heard.value === undefined || Math.max(heard.value.length, captured) < MAX_SEGMENTS) return heard;
  return {
    skipped: `only the first ${MAX_SEGMENTS} packets were listened for, and so many came`,
    part: heard.value,
  };
}

function pathFacts(
  { destination, places }: PathRoute,
  all: readonly PlaceFacts[],
  evidence: Evidence,
): PathFacts {
  const reachResult = evidence[`${destination.id}-reach`];
  const reach = reachOf(reachResult);
  const address = reach.value?.address ?? destination.host;
  const port = Number(reachResult?.command[3] ?? destination.port);
  const route = places.flatMap(({ id, role }): Stop[] => {
    const at = all.find(({ place }) => place.id === id);
    return at ? [{ at, role }] : [];
  });
  const points = reach.value ? pointsOf(route, address, port) : [];
  const failed = reach.value !== undefined && !isConnected(reach.value);
  const loss = failed ? lossOf(points) : undefined;
  const source = nextHop(reach.value?.routes ?? [])?.source;
  return {
    destination,
    address,
    port,
    reach,
    reachResult,
    points,
    loss,
    hit: loss && hitAt(loss, { address, port, source }),
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
 */
function pointsOf(route: readonly Stop[], address: string, port: number): Point[] {
  const source = route[0]?.at;
  // The number of the probe itself may be among what is not known: then nothing of it can be known again.
  if (source?.segments.value === undefined) return [];
  const segments = new Map(route.map(({ at }) => [at, seenOf(at.segments) ?? []]));
  const isProbe = (s: SeenSegment): boolean =>
    s.flags === 'S' && sameAddress(s.destination, address) && s.destinationPort === port;
  const tags = new Set(
    (segments.get(source) ?? []).filter((s) => s.outgoing && isProbe(s)).map((s) => s.sequence),
  );
  const passed = ({ at, role }: Stop, packet: Point['packet'], way: Point['way']): Point => ({
    place: at,
    role,
    way,
    packet,
    lines: linesAt(
      at,
      (segments.get(at) ?? [])
        .filter((s) => s.outgoing === (way === 'out'))
        .filter((s) =>
          packet === 'probe'
            ? isProbe(s) && tags.has(s.sequence)
            : s.acknowledged !== undefined && tags.has((s.acknowledged + 0xffffffff) % 2 ** 32),
        ),
    ),
  });
  const there = route.flatMap((at, i) => [
    ...(i === 0 ? [] : [passed(at, 'probe', 'in')]),
    ...(i === route.length - 1 ? [] : [passed(at, 'probe', 'out')]),
  ]);
  const back = [...route]
    .reverse()
    .flatMap((at, i) => [
      ...(i === 0 ? [] : [passed(at, 'answer', 'in')]),
      ...(i === route.length - 1 ? [] : [passed(at, 'answer', 'out')]),
    ]);
  return [...there, ...back];
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

/** The first rule that fits at the place where the packet was last seen, or where it should have come in. */
function hitAt(
  { last, missed }: Loss,
  probe: { readonly address: string; readonly port: number; readonly source: string | undefined },
): PathFacts['hit'] {
  const isAnswer = missed.packet === 'answer' && last?.packet === 'answer';
  const there = { protocol: 'tcp', daddr: probe.address, dport: probe.port, saddr: probe.source };
  const back = { protocol: 'tcp', saddr: probe.address, sport: probe.port, daddr: probe.source };
  const places = [...new Set([last?.place ?? missed.place, missed.place])];
  return places
    .flatMap(({ grown }) => grown)
    .find(
      ({ rule }) => fits(rule.matches, isAnswer ? back : there) && fitsFamily(rule.family, probe.address),
    );
}

function fitsFamily(family: string, address: string): boolean {
  if (family === 'arp') return false;
  return address.includes(':') ? family !== 'ip' : family !== 'ip6';
}
