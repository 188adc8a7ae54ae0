/** The judged pattern of a matrix: which place, which way and what of it fails. Pure. */
import { advice, nettools } from '../../model/advice.ts';
import type { FindingMeta, Occurrence } from '../../model/finding.ts';
import {
  type MatrixCell,
  type MatrixFrame,
  type MatrixPlace,
  type MatrixProbe,
  type MatrixSource,
  placeKey,
} from '../../model/matrix.ts';
import type { Quote, Severity } from '../../model/report.ts';
import { occurrence } from '../shared/rule.ts';
import { explain, type Fit, type Group, type Shape } from './explain.ts';
import {
  CUT_OFF,
  DNS_DIFFERS,
  FAMILY,
  NO_PATTERN,
  ONE_WAY,
  OVERLAY,
  PAIR,
  PROTOCOL,
  RECEIVING,
  SENDING,
  SERVICE_DIFFERS,
  SIZE,
  WORSE,
} from './metas.ts';
import { type Layer, layersOf, type Symptom, type Unit } from './units.ts';

/** A matrix as it was measured. */
export interface Measured extends Pick<MatrixFrame, 'destinations'> {
  readonly sources: readonly MatrixSource[];
  readonly cells: readonly MatrixCell[];
}

/** More single pairs are no story each. */
const MOST_PAIRS = 3;
const MOST_QUOTES = 3;
/** Loss: the limits of NT-LAT-002 for many echo requests, and ours for those of one pair. */
const LOSS_SHARE = 0.05;
const LEAST_ECHOES = 50;
const LEAST_LOST = 8;
const LOST_OF_PAIR = 3;

/** What is wrong, as people would say it, the gravest and widest first. */
export function patternOf(matrix: Measured): Occurrence[] {
  const told: Told[] = [];
  for (const layer of layersOf(matrix, matrix.cells)) {
    const shapes = explain(matrix, layer.units, fitOf(layer.symptom));
    told.push(...storiesOf(shapes, layer, matrix).map((story) => tell(story, layer, matrix)));
  }
  const stuck = stuckSources(matrix);
  told.push(...ownServices(matrix, 'dns', stuck), ...ownServices(matrix, 'service', stuck));
  return withoutTwins(told)
    .map((one, i) => ({ one, i }))
    .sort((a, b) => WEIGHT[a.one.finding.severity] - WEIGHT[b.one.finding.severity] || a.i - b.i)
    .map(({ one }) => one.finding);
}

const WEIGHT: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

interface Told {
  /** What both families may say of the same place. */
  readonly key: string;
  readonly finding: Occurrence;
}

function withoutTwins(all: readonly Told[]): Told[] {
  const keys = new Set<string>();
  return all.filter(({ key }) => !keys.has(key) && keys.add(key));
}

/** One or two shapes that are one thing to say. */
interface Story {
  readonly kind: 'all' | 'nodes' | 'to' | 'from' | 'cut' | 'between' | 'way' | 'service' | 'scattered';
  readonly from: Group;
  readonly to: Group;
  readonly bad: readonly Unit[];
  readonly of: number;
  /** Of `way`: the other direction was measured, and works. */
  readonly isOneWay?: boolean;
}

function storiesOf(shapes: readonly Shape[], { units }: Layer, matrix: Measured): Story[] {
  const stories: Story[] = [];
  const taken = new Set<Shape>();
  for (const shape of shapes) {
    if (taken.has(shape)) continue;
    taken.add(shape);
    const back = shapes.find((one) => !taken.has(one) && isReverse(shape, one, matrix));
    if (back !== undefined) taken.add(back);
    stories.push(storyOf(shape, back, units, matrix));
  }
  const pairs = stories.filter((one) => isSingle(one));
  if (pairs.length <= MOST_PAIRS) return stories;
  const bad = pairs.flatMap((one) => one.bad);
  const all: Group = { level: 'all', name: '' };
  return [
    ...stories.filter((one) => !isSingle(one)),
    { kind: 'scattered', from: all, to: all, bad, of: units.length },
  ];
}

function isSingle({ kind, from, to }: Story): boolean {
  return (
    (kind === 'between' || kind === 'way' || kind === 'service') &&
    from.level === 'item' &&
    to.level === 'item'
  );
}

function storyOf(shape: Shape, back: Shape | undefined, units: readonly Unit[], matrix: Measured): Story {
  const { from, to } = shape;
  const bad = [...shape.bad, ...(back?.bad ?? [])];
  const of = shape.of + (back?.of ?? 0);
  const wide = { from: isWide(from), to: isWide(to) };
  if (wide.from && wide.to) {
    const isBetween = shape.between === 'nodes' || from.level === 'kind';
    return { kind: isBetween ? 'nodes' : 'all', from, to, bad, of };
  }
  if (wide.from || wide.to) {
    if (back !== undefined)
      return { kind: 'cut', from: wide.from ? to : from, to: wide.from ? to : from, bad, of };
    return { kind: wide.from ? 'to' : 'from', from, to, bad, of };
  }
  if (placeOf(to, matrix.destinations)?.kind === 'service') return { kind: 'service', from, to, bad, of };
  if (back !== undefined) return { kind: 'between', from, to, bad, of };
  return { kind: 'way', from, to, bad, of, isOneWay: worksBack(shape, units, matrix) };
}

function isWide({ level }: Group): boolean {
  return level === 'all' || level === 'kind';
}

function isReverse(a: Shape, b: Shape, matrix: Measured): boolean {
  return isSame(a.from, b.to, matrix) && isSame(a.to, b.from, matrix, true);
}

/** Whether the group of one side is that of the other one. @param swapped `a` is of destinations, and `b` of sources */
function isSame(a: Group, b: Group, { sources, destinations }: Measured, swapped = false): boolean {
  if (a.level !== b.level) return false;
  if (a.level !== 'item') return a.name === b.name;
  const [source, destination] = swapped ? [b, a] : [a, b];
  const [one, other] = [placeOf(source, sources), placeOf(destination, destinations)];
  return one !== undefined && other !== undefined && placeKey(one) === placeKey(other);
}

function placeOf({ level, name }: Group, places: readonly MatrixPlace[]): MatrixPlace | undefined {
  return level === 'item' ? places[Number(name)] : undefined;
}

/** The pairs of the other direction: at least one was measured, and none is bad. */
function worksBack({ from, to }: Shape, units: readonly Unit[], matrix: Measured): boolean {
  const { sources, destinations } = matrix;
  const back = units.filter(
    ({ source, destination }) =>
      isIn(sources[source], to, destinations) && isIn(destinations[destination], from, sources),
  );
  return back.length > 0 && back.every(({ bad }) => !bad);
}

/** @param places those that the group's items are of */
function isIn(place: MatrixPlace | undefined, group: Group, places: readonly MatrixPlace[]): boolean {
  if (place === undefined) return false;
  switch (group.level) {
    case 'all':
      return true;
    case 'kind':
      return place.kind === group.name;
    case 'zone':
      return place.zone === group.name;
    case 'node':
      return place.node === group.name && place.kind !== 'node';
    case 'item': {
      const own = placeOf(group, places);
      return own !== undefined && placeKey(own) === placeKey(place);
    }
  }
}

function fitOf(symptom: Symptom): Fit {
  if (symptom !== 'lossy') return {};
  return {
    // Of 10 echo requests all may get through where one in ten is lost.
    share: 0.5,
    goodWeight: 0.5,
    accepts: (units, { from, to }) => {
      const { sent, lost } = echoesOf(units);
      const isPair = from.level === 'item' && to.level === 'item';
      if (isPair && sent < LEAST_ECHOES) return lost >= LOST_OF_PAIR;
      return sent >= LEAST_ECHOES && lost >= LEAST_LOST && lost >= LOSS_SHARE * sent;
    },
  };
}

function echoesOf(units: readonly Unit[]): { sent: number; lost: number } {
  const sum = { sent: 0, lost: 0 };
  for (const { cell } of units) {
    const { sent = 0, received = 0 } = cell.icmp ?? {};
    sum.sent += sent;
    sum.lost += sent - received;
  }
  return sum;
}

function tell(story: Story, layer: Layer, matrix: Measured): Told {
  const meta = metaOf(story, layer.symptom);
  const subject = subjectOf(story, matrix);
  const text = `${whereText(story, matrix)}: ${whatText(story, layer, matrix)}.`;
  const evidence = story.bad.slice(0, MOST_QUOTES).map((unit) => quoteOf(unit.cell, layer.symptom, matrix));
  const severity = severityOf(layer, story);
  const remediation = remedyOf(meta, story, matrix);
  return {
    key: JSON.stringify([meta.id, layer.symptom, subject ?? null]),
    finding: occurrence(meta, severity, text, evidence, {
      ...(subject === undefined ? {} : { subject }),
      ...(remediation === undefined ? {} : { remediation }),
    }),
  };
}

function metaOf({ kind, isOneWay }: Story, symptom: Symptom): FindingMeta {
  switch (symptom) {
    case 'family':
      return FAMILY;
    case 'full':
      return SIZE;
    case 'icmp':
    case 'tcp':
    case 'udp':
      return kind === 'service' ? SERVICE_DIFFERS : PROTOCOL;
    case 'lossy':
    case 'slow':
      return WORSE;
    case 'dead':
      break;
  }
  switch (kind) {
    case 'all':
    case 'scattered':
      return NO_PATTERN;
    case 'nodes':
      return OVERLAY;
    case 'to':
      return RECEIVING;
    case 'from':
      return SENDING;
    case 'cut':
      return CUT_OFF;
    case 'service':
      return SERVICE_DIFFERS;
    case 'between':
      return PAIR;
    case 'way':
      return isOneWay === true ? ONE_WAY : PAIR;
  }
}

function severityOf({ symptom }: Layer, { bad }: Story): Severity {
  if (symptom === 'icmp') return 'info';
  if (symptom === 'slow') return 'warning';
  if (symptom === 'lossy') return echoesOf(bad).sent >= LEAST_ECHOES ? 'critical' : 'warning';
  return 'critical';
}

/** What it is about, as it is typed. */
function subjectOf({ kind, from, to }: Story, matrix: Measured): string | undefined {
  const source = typed(from, matrix.sources);
  const destination = typed(to, matrix.destinations);
  switch (kind) {
    case 'all':
    case 'nodes':
    case 'scattered':
      return undefined;
    case 'to':
      return destination;
    case 'from':
      return source;
    case 'cut':
      return typed(from, matrix.sources) ?? destination;
    case 'between':
    case 'way':
    case 'service':
      return `${source} → ${destination}`;
  }
}

function typed({ level, name }: Group, places: readonly MatrixPlace[]): string | undefined {
  switch (level) {
    case 'all':
    case 'kind':
      return undefined;
    case 'zone':
      return `zone ${name}`;
    case 'node':
      return `node/${name}`;
    case 'item':
      return places[Number(name)]?.target;
  }
}

function words(group: Group, places: readonly MatrixPlace[]): string {
  const { level, name } = group;
  switch (level) {
    case 'all':
      return 'anything';
    case 'kind':
      return `any ${name}`;
    case 'zone':
      return `zone ${name}`;
    case 'node':
      return `the pods on ${name}`;
    case 'item': {
      const place = places[Number(name)];
      if (place === undefined) return 'nothing';
      const { target, kind, node } = place;
      return kind === 'pod' && node !== undefined ? `${target} on ${node}` : target;
    }
  }
}

function whereText({ kind, from, to, isOneWay }: Story, matrix: Measured): string {
  const { sources, destinations } = matrix;
  const [source, destination] = [words(from, sources), words(to, destinations)];
  switch (kind) {
    case 'all':
      return 'Everywhere';
    case 'nodes':
      return from.level === 'kind'
        ? `From any ${from.name} to any ${to.name} of another node`
        : 'Between nodes';
    case 'scattered':
      return 'Without a pattern';
    case 'to':
      return `To ${destination}, ${isWide(from) && from.level === 'kind' ? `from any ${from.name}` : 'wherever it comes from'}`;
    case 'from':
      return `From ${source}, wherever it goes`;
    case 'cut':
      return `To ${words(to, placesOfCut(from, matrix))} and from it`;
    case 'between':
      return `Between ${source} and ${destination}, both ways`;
    case 'service':
      return `From ${source} to ${destination}`;
    case 'way':
      return `From ${source} to ${destination}${isOneWay === true ? ', and not the other way round' : ''}`;
  }
}

function placesOfCut({ level, name }: Group, { sources, destinations }: Measured): readonly MatrixPlace[] {
  return level === 'item' && sources[Number(name)] !== undefined ? sources : destinations;
}

const WHAT: Readonly<Record<Symptom, string>> = {
  dead: 'nothing is answered',
  family: 'is not answered, and the other family is',
  full: 'full-size packets are not answered, and small ones are',
  icmp: 'echo requests are not answered, and other probes are',
  tcp: 'TCP connections fail, and other probes are answered',
  udp: 'UDP is not answered, and other probes are',
  lossy: 'echo requests are lost',
  slow: 'answers take far longer than between others',
};

function whatText({ bad, of }: Story, { symptom, family }: Layer, matrix: Measured): string {
  const count = `${bad.length} of ${Math.max(of, bad.length)} pair${Math.max(of, bad.length) === 1 ? '' : 's'}`;
  const isDual = new Set(matrix.cells.map((cell) => cell.family)).size > 1;
  const by = isDual && family !== undefined && symptom !== 'family' ? ` by IPv${family}` : '';
  switch (symptom) {
    case 'family':
      return `IPv${family} ${WHAT.family} (${count})`;
    case 'lossy': {
      const { sent, lost } = echoesOf(bad);
      return `${lost} of ${sent} echo requests are lost${by} (${count})`;
    }
    case 'slow': {
      const times = bad.flatMap(({ cell }) => cell.icmp?.ms ?? []).sort((a, b) => a - b);
      return `answers take ${msText(times[0])} to ${msText(times.at(-1))}${by}, far longer than between others of the same distance (${count})`;
    }
    case 'full': {
      const passed = bad.flatMap(({ cell }) => cell.full?.largest ?? []);
      const largest = passed.length === 0 ? '' : `, up to ${Math.max(...passed)} bytes`;
      return `packets of ${bad[0]?.cell.full?.bytes ?? 'full'} bytes are not answered, and small ones are${largest}${by} (${count})`;
    }
    default:
      return `${WHAT[symptom]}${by} (${count})`;
  }
}

function msText(ms: number | undefined): string {
  return ms === undefined ? '? ms' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** What decides, of one pair. */
function quoteOf(cell: MatrixCell, symptom: Symptom, { sources, destinations }: Measured): Quote {
  const pair = `${sources[cell.source]?.target ?? '?'} → ${destinations[cell.destination]?.target ?? '?'}`;
  const { address } = cell;
  const told = { icmp: 'echo requests', tcp: 'TCP', udp: 'UDP', full: 'full-size packet' } as const;
  const said = (Object.keys(told) as (keyof typeof told)[]).flatMap((name) => {
    const probe = cell[name];
    return probe === undefined
      ? []
      : [`${told[name]}${probe.port === undefined ? '' : ` ${probe.port}`}: ${probeText(probe)}`];
  });
  return { command: commandOf(cell, symptom, address), excerpt: `${pair}: ${said.join('; ')}` };
}

function commandOf({ tcp, udp }: MatrixCell, symptom: Symptom, address: string): string[] {
  if (symptom === 'tcp') return ['tcp-connect', address, tcp?.port ?? ''];
  if (symptom === 'udp') return ['reach', 'udp', address, udp?.port ?? ''];
  return symptom === 'full' ? ['path-mtu', address] : ['ping', '-n', address];
}

/** One probe in a few words. */
export function probeText({ outcome, sent, received, ms, largest, reason }: MatrixProbe): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  switch (outcome) {
    case 'reached':
      return ms === undefined ? 'reached' : `reached in ${msText(ms)}`;
    case 'refused':
      return 'refused';
    case 'lossy':
      return `${received} of ${sent} answered`;
    case 'lost':
      if (largest !== undefined) return `lost, ${largest} bytes pass`;
      return sent === undefined ? `lost${why}` : `${received ?? 0} of ${sent} answered${why}`;
    case 'unmeasured':
      return `not measured${why}`;
  }
}

/** With the places of the first pair in it, so that it can be pasted. */
function remedyOf(
  meta: FindingMeta,
  { bad }: Story,
  matrix: Measured,
): Occurrence['remediation'] | undefined {
  const [first] = bad;
  if (first === undefined || meta === OVERLAY) return undefined;
  const [source, destination] = [matrix.sources[first.source], matrix.destinations[first.destination]];
  if (source === undefined || destination === undefined) return undefined;
  const from = source.namespace === undefined ? [source.target] : [source.target, '-n', source.namespace];
  const to = destinationWord(destination, source, first.cell);
  switch (meta) {
    case SIZE:
      return advice`Make the MTU of the pods as small as what carries their packets allows. What the size is, and where it is lost:
${nettools`mtu ${from} --to ${to}`}`;
    case WORSE:
      return advice`Measure one of the pairs by itself, with more probes:
${nettools`latency ${from} --to ${to}`}`;
    case SERVICE_DIFFERS:
      return advice`Compare the rules of the node with the endpoints that the API knows, and see whether kube-proxy there runs:
${nettools`service ${from} --to ${to}`}`;
    default:
      return advice`Look at both ends of one of the pairs at the same time; a NetworkPolicy that keeps them apart on purpose shows there too:
${nettools`diagnose ${from} --to ${to}${destination.kind === 'pod' ? ['', '--both-ends'] : []}`}`;
  }
}

/** As --to takes it, read in the source's namespace. */
function destinationWord(to: MatrixPlace, from: MatrixPlace, { address, tcp }: MatrixCell): string {
  const port = tcp?.port === undefined ? '' : `:${tcp.port}`;
  if (to.kind === 'service' && to.namespace !== undefined) {
    const name = to.namespace === from.namespace ? to.target : `${to.target}.${to.namespace}`;
    return `${name}${port}`;
  }
  if (to.kind === 'pod' && to.namespace === from.namespace) return `${to.target}${port}`;
  return address.includes(':') ? `[${address}]${port}` : `${address}${port}`;
}

/** Sources of which nearly nothing gets out: that their name server does not answer either is no news. */
function stuckSources(matrix: Measured): ReadonlySet<number> {
  const counts = new Map<number, { bad: number; all: number }>();
  for (const { source, bad } of layersOf(matrix, matrix.cells)[0]?.units ?? []) {
    const count = counts.get(source) ?? { bad: 0, all: 0 };
    counts.set(source, { bad: count.bad + (bad ? 1 : 0), all: count.all + 1 });
  }
  return new Set([...counts].flatMap(([source, { bad, all }]) => (bad >= 0.9 * all ? [source] : [])));
}

/** What each source has of the cluster's own Services. */
function ownServices(matrix: Measured, name: 'dns' | 'service', stuck: ReadonlySet<number>): Told[] {
  const { sources } = matrix;
  const label = name === 'dns' ? 'its name server' : 'svc/kubernetes';
  const destinations: MatrixPlace[] = [{ kind: 'service', target: label }];
  const works = sources.some((one) => one[name]?.outcome === 'reached');
  const units = sources.flatMap((one, source): Unit[] => {
    const probe = one[name];
    if (probe === undefined || probe.outcome === 'unmeasured' || stuck.has(source)) return [];
    const bad = probe.outcome === 'lost' || probe.outcome === 'refused';
    const cell: MatrixCell = {
      source,
      destination: 0,
      family: 4,
      address: label,
      [name === 'dns' ? 'udp' : 'tcp']: probe,
    };
    return [{ source, destination: 0, bad, cell }];
  });
  // A policy may keep all pods from the API server on purpose; no pod does without names.
  if (name === 'service' && !works) return [];
  const meta = name === 'dns' ? DNS_DIFFERS : SERVICE_DIFFERS;
  const own = { sources, destinations };
  return explain(own, units).map(({ from, bad, of }) => {
    const [first] = bad;
    const source = first === undefined ? undefined : sources[first.source];
    const place =
      source === undefined
        ? []
        : source.namespace === undefined
          ? [source.target]
          : [source.target, '-n', source.namespace];
    const subject = `${typed(from, sources) ?? 'all'} → ${label}`;
    const what = name === 'dns' ? 'no answer of the name server' : 'no connection to the Service kubernetes';
    const others = units.filter((unit) => !unit.bad).length;
    const text = `From ${words(from, sources)}: ${what} (${bad.length} of ${Math.max(of, bad.length)} source${of === 1 ? '' : 's'}; ${others} other${others === 1 ? '' : 's'} of the matrix ${others === 1 ? 'has' : 'have'} one).`;
    const evidence = bad.slice(0, MOST_QUOTES).map(({ cell }) => ({
      command: name === 'dns' ? ['reach', 'udp', 'dns', '53'] : ['tcp-connect', 'apiserver'],
      excerpt: `${sources[cell.source]?.target ?? '?'} → ${label}: ${probeText(cell.udp ?? cell.tcp ?? { outcome: 'unmeasured' })}`,
    }));
    const remediation =
      name === 'dns'
        ? advice`Look at it from one of the sources:
${nettools`dns ${place}`}`
        : advice`Look at it from one of the sources, and see whether kube-proxy on its node runs:
${nettools`diagnose ${place}`}`;
    return {
      key: JSON.stringify([meta.id, subject]),
      finding: occurrence(meta, 'critical', text, evidence, { subject, remediation }),
    };
  });
}
