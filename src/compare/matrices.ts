/** Two matrices: pairs that are lost or found again, and ways that became slower. Pure. */
import type { Change, DiffLimits } from '../model/diff.ts';
import {
  type MatrixCell,
  type MatrixPlace,
  type MatrixProbe,
  type MatrixReport,
  placeKey,
} from '../model/matrix.ts';
import { cellsByPair, pairKey } from '../model/matrix-pairs.ts';
import { atLeast, type CheckResult } from '../model/report.ts';
import { compareFindings } from './findings.ts';
import { testShares, testTimes } from './measures.ts';
import type { Gathered } from './sides.ts';

/** So many pairs are named one by one. */
const MOST_NAMED = 10;

/** Of fewer pairs of a place nothing is said; each has the fastest of ten answers. (ours) */
const LEAST_PAIRS = 8;

/** What is asked of a pair, and how it is called. */
const PROBES = { icmp: 'echo requests', tcp: 'TCP', udp: 'UDP', full: 'full-size packets' } as const;
type Probe = keyof typeof PROBES;

export function compareMatrices(
  before: MatrixReport,
  after: MatrixReport,
  limits: DiffLimits,
  into: Gathered,
): void {
  const whole = ({ findings }: MatrixReport): { check: CheckResult; measures: [] } => ({
    check: { id: 'matrix', status: 'pass', summary: '', durationMs: 0, measurements: {}, findings },
    measures: [],
  });
  compareFindings('matrix', whole(before), whole(after), limits, into);
  comparePlaces(before, after, into);
  const pairs = commonPairs(before, after);
  into.compared.pairs += pairs.length;
  comparePairs(pairs, into, limits);
  compareTimes(pairs, limits, into);
}

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly before: readonly MatrixCell[];
  readonly after: readonly MatrixCell[];
}

function commonPairs(before: MatrixReport, after: MatrixReport): Pair[] {
  const cells = cellsByPair(after.cells);
  const sources = indexOf(after.sources);
  const destinations = indexOf(after.destinations);
  const pairs: Pair[] = [];
  for (const own of cellsByPair(before.cells).values()) {
    const [first] = own;
    const source = first && before.sources[first.source];
    const destination = first && before.destinations[first.destination];
    if (source === undefined || destination === undefined) continue;
    const at = [sources.get(placeKey(source)), destinations.get(placeKey(destination))];
    const [from, to] = at;
    const other = from === undefined || to === undefined ? undefined : cells.get(pairKey(from, to));
    if (other !== undefined)
      pairs.push({ from: source.target, to: destination.target, before: own, after: other });
  }
  return pairs;
}

function indexOf(places: readonly MatrixPlace[]): Map<string, number> {
  return new Map(places.map((place, at) => [placeKey(place), at]));
}

function comparePlaces(before: MatrixReport, after: MatrixReport, into: Gathered): void {
  const all = ({ sources, destinations }: MatrixReport): Map<string, string> =>
    new Map([...sources, ...destinations].map((place) => [placeKey(place), place.target]));
  const [old, now] = [all(before), all(after)];
  const change = (kind: Change['kind'], name: string): Change => ({
    kind,
    what: 'target',
    isRegression: false,
    where: name,
    summary: `${name} is ${kind}.`,
  });
  for (const [key, name] of old) if (!now.has(key)) into.changes.push(change('gone', name));
  for (const [key, name] of now) if (!old.has(key)) into.changes.push(change('new', name));
  for (const { target, failed } of after.sources) {
    const was = before.sources.find((one) => one.target === target);
    if (failed !== undefined && was !== undefined && was.failed === undefined)
      into.notCompared.push({ where: 'matrix', text: `from ${target}: ${failed}` });
  }
}

/** Each probe by itself: what was answered and no longer is, and the other way round. */
function comparePairs(pairs: readonly Pair[], into: Gathered, limits: DiffLimits): void {
  for (const probe of Object.keys(PROBES) as Probe[]) {
    const lost: string[] = [];
    const found: string[] = [];
    let unmeasured = 0;
    for (const { from, to, before, after } of pairs)
      for (const cell of before) {
        const [one, other] = [cell[probe], after.find(({ family }) => family === cell.family)?.[probe]];
        if (one === undefined || one.outcome === 'unmeasured') continue;
        if (other === undefined || other.outcome === 'unmeasured') unmeasured++;
        else if (isAnswered(one.outcome) && (other.outcome === 'lost' || isClosed(one, other)))
          lost.push(`${from} → ${to}`);
        else if ((one.outcome === 'lost' || isClosed(other, one)) && isAnswered(other.outcome))
          found.push(`${from} → ${to}`);
        else if (one.sent !== undefined && other.sent !== undefined && one.outcome !== other.outcome)
          into.tested.push(
            testShares(
              `${from} → ${to}`,
              'echo requests lost',
              { lost: one.sent - (one.received ?? 0), tries: one.sent },
              { lost: other.sent - (other.received ?? 0), tries: other.sent },
              limits,
            ),
          );
      }
    const change = (kind: 'worse' | 'better', all: readonly string[]): Change => ({
      kind,
      what: 'pair',
      isRegression: kind === 'worse' && atLeast('critical', limits.failOn),
      where: 'matrix',
      summary: `${PROBES[probe]}: ${all.length} ${all.length === 1 ? 'pair' : 'pairs'} ${kind === 'worse' ? 'answered before and no longer' : 'answered not before and do now'}: ${namesText(all)}.`,
    });
    if (lost.length > 0) into.changes.push(change('worse', lost));
    if (found.length > 0) into.changes.push(change('better', found));
    if (unmeasured > 0)
      into.notCompared.push({
        where: 'matrix',
        text: `${PROBES[probe]} of ${unmeasured} pairs were not measured again`,
      });
  }
}

/** A refusal is an answer of somebody there. */
function isAnswered(outcome: string): boolean {
  return outcome === 'reached' || outcome === 'lossy' || outcome === 'refused';
}

/** The same port, where somebody listened and nobody does. */
function isClosed(open: MatrixProbe, closed: MatrixProbe): boolean {
  return open.outcome === 'reached' && closed.outcome === 'refused' && open.port === closed.port;
}

function namesText(all: readonly string[]): string {
  const rest = all.length - MOST_NAMED;
  return `${all.slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** A pair has one time, its fastest answer; all pairs of a place have a distribution. */
function compareTimes(pairs: readonly Pair[], limits: DiffLimits, into: Gathered): void {
  for (const side of ['from', 'to'] as const) {
    const groups = new Map<string, Pair[]>();
    for (const pair of pairs) groups.set(pair[side], [...(groups.get(pair[side]) ?? []), pair]);
    for (const [name, own] of groups) {
      const both = own.flatMap(({ before, after }) => {
        const [one, other] = [fastest(before), fastest(after)];
        return one === undefined || other === undefined ? [] : [[one, other] as const];
      });
      if (both.length < LEAST_PAIRS) continue;
      into.compared.measures++;
      const [before, after] = [both.map(([ms]) => ms), both.map(([, ms]) => ms)];
      into.tested.push(
        testTimes('matrix', `fastest answers ${side} ${name}`, { ms: before }, { ms: after }, limits),
      );
    }
  }
}

function fastest(cells: readonly MatrixCell[]): number | undefined {
  const times = cells.flatMap(({ icmp, tcp }) => (icmp === undefined ? tcp?.ms : icmp.ms) ?? []);
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
}
