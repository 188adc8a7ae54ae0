/** What runs at each place on the way while the probes are sent. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbePlan } from '../../model/evidence.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { WATCH_SECONDS } from '../shared/drops/watch.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { PathInput, PathRoute } from './facts.ts';

/** So many lines at one place; a busy node has many connections to the same address. */
export const MAX_SEGMENTS = 5000;

/** Segments that open or refuse a connection: the 14th byte of a TCP header has the flags SYN (2) and RST (4). */
const OPENING = '(tcp[13] & 6 != 0 or (ip6[6] == 6 and ip6[53] & 6 != 0))';

/** Listens for the probes and their answers at the place with this id. */
export function watchCommand({ routes }: PathInput, id: string): readonly string[] {
  const hosts = [
    ...new Set(
      routes
        .filter(({ destination }) => destination.protocol === 'tcp')
        .filter(passes(id))
        .map(({ destination: { host, port }, isOutside }) =>
          // The node may resolve a name to another address than the target.
          isOutside && !parsePrefix(host) ? `port ${port}` : `host ${host}`,
        ),
    ),
  ];
  return [
    ...['tcpdump', '-Z', 'root', '-nn', '-S', '-tt', '-l', '-i', 'any', '-c', String(MAX_SEGMENTS)],
    `(${hosts.join(' or ')}) and ${OPENING}`,
  ];
}

/** Watches what a node's kernel drops of the flows to and from the destinations, in whatever network: their names come from the places. */
export function dropsCommand({ routes }: PathInput): readonly string[] {
  const peers = routes
    .filter(({ destination, isOutside }) => !isOutside || parsePrefix(destination.host))
    .map(({ destination: { host, port, anyPort } }) => `${host},${anyPort ? 0 : port}`);
  return [
    ...['nettools-drops', '--for', String(WATCH_SECONDS), '--everywhere'],
    ...[...new Set(peers)].flatMap((peer) => ['--peer', peer]),
  ];
}

/** Which namespace it is, and of which boot of which machine. */
export const SPACE: ProbeCommand = {
  id: 'space',
  argv: ['sh', '-c', 'readlink /proc/self/ns/net && cat /proc/sys/kernel/random/boot_id'],
  timeoutSeconds: 5,
};

function passes(id: string): (route: PathRoute) => boolean {
  return ({ places }) => places.some((place) => place.id === id);
}

/** What is read at a place before and after the probes. */
interface Reading {
  readonly before: ProbePlan;
  readonly after: ProbePlan;
}

/** Counters of filters and of the kernel; afterwards also who listens, and what the way on from there is. */
const ON_THE_WAY: Reading = {
  before: onePhase(
    snapshot('nft', 'nft-before'),
    snapshot('iptables', 'iptables-before'),
    snapshot('iptablesLegacy', 'legacy-before'),
    snapshot('counters', 'counters-before'),
  ),
  after: onePhase(
    snapshot('nft', 'nft-after'),
    snapshot('iptables', 'iptables-after'),
    snapshot('iptablesLegacy', 'legacy-after'),
    snapshot('counters', 'counters-after'),
    snapshot('listeners'),
    snapshot('neighbours'),
    snapshot('routes'),
    // The sets that rules of iptables ask for; nft shows its own beside the rules.
    { id: 'ipsets', argv: ['ipset', 'save'], timeoutSeconds: 5 },
  ),
};

/** What the sockets of a destination drop. */
const OF_SOCKETS: Reading = {
  before: onePhase(
    snapshot('counters', 'counters-before'),
    snapshot('counters6', 'counters6-before'),
    snapshot('drops', 'drops-before'),
  ),
  after: onePhase(
    snapshot('counters', 'counters-after'),
    snapshot('counters6', 'counters6-after'),
    snapshot('drops', 'drops-after'),
  ),
};

/** Datagrams are not followed, and what drops them may be a rule anywhere on their way. */
const RULES: Reading = {
  before: onePhase(
    snapshot('nft', 'nft-before'),
    snapshot('iptables', 'iptables-before'),
    snapshot('iptablesLegacy', 'legacy-before'),
    snapshot('ip6tablesLegacy', 'legacy6-before'),
  ),
  after: onePhase(
    snapshot('nft', 'nft-after'),
    snapshot('iptables', 'iptables-after'),
    snapshot('iptablesLegacy', 'legacy-after'),
    snapshot('ip6tablesLegacy', 'legacy6-after'),
  ),
};

/** What is read on a node whose kernel is listened to; of a connection the place that is its node reads the rules. */
export function readingOnNode({ routes }: PathInput): Partial<Reading> {
  return routes.some(({ destination }) => destination.protocol === 'udp') ? RULES : {};
}

/** The id, in the evidence of a node, of its own probe to a host outside. */
export function controlId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-control`;
}

/** What the node itself gets from the hosts outside, once its counters are read: it may take as long as the target's probe. */
function controlsAt({ routes }: PathInput, id: string, scripts: ProbeScripts): readonly ProbeCommand[] {
  return routes
    .filter(({ places, isOutside }) => isOutside && places.at(-1)?.id === id)
    .map(({ destination }) => ({
      ...reachProbe(destination, scripts, false),
      id: controlId(destination),
    }));
}

/** What is read at the place with this id, around the probes that pass it. */
export function readingAt(input: PathInput, id: string, scripts: ProbeScripts): Reading {
  const readings = [
    ...(isOnTheWay(input, id) ? [ON_THE_WAY] : []),
    ...(isDestination(input, id) ? [OF_SOCKETS] : []),
    ...(input.watchers !== undefined && isDestination(input, id) ? [RULES] : []),
  ];
  return {
    before: joined([
      ...(input.watchers === undefined ? [] : [onePhase(SPACE)]),
      ...readings.map(({ before }) => before),
    ]),
    after: withControls(joined(readings.map(({ after }) => after)), controlsAt(input, id, scripts)),
  };
}

function withControls({ phases }: ProbePlan, controls: readonly ProbeCommand[]): ProbePlan {
  return { phases: controls.length === 0 ? phases : [...phases, controls] };
}

/** Whether a connection passes the place: datagrams are looked at where they end, by what the sockets there drop. */
export function isOnTheWay({ routes }: PathInput, id: string): boolean {
  return routes.some((route) => route.destination.protocol === 'tcp' && passes(id)(route));
}

function isDestination({ routes }: PathInput, id: string): boolean {
  return routes.some(({ places }) => places.some((place) => place.id === id && place.role === 'destination'));
}

function onePhase(...commands: readonly ProbeCommand[]): ProbePlan {
  return { phases: [commands] };
}

/** One phase with each command once. */
function joined(plans: readonly ProbePlan[]): ProbePlan {
  const all = plans.flatMap(({ phases }) => phases.flat());
  return onePhase(...new Map(all.map((command) => [command.id, command])).values());
}

/** The id of a place's result in the evidence of the check. */
export function evidenceId(place: string, command: string): string {
  return `${place}-${command}`;
}

/** What there is of a place, by the ids that it has there. */
export function evidenceOf(evidence: Evidence, place: string): Evidence {
  const prefix = evidenceId(place, '');
  return Object.fromEntries(
    Object.entries(evidence).flatMap(([id, result]) =>
      id.startsWith(prefix) ? [[id.slice(prefix.length), result]] : [],
    ),
  );
}
