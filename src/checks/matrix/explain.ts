/**
 * Which few shapes explain all pairs that fail: "whatever goes to node2", "from pod a to pod b". Each shape predicts pairs;
 * the one that explains most of what is left, with the fewest words, is taken until nothing is left. Pure.
 */
import type { MatrixPlace } from '../../model/matrix.ts';
import type { Places, Unit } from './units.ts';

/** One side of a shape: everything, what is of one kind, in one zone, on one node, or a single place. */
export interface Group {
  readonly level: 'all' | 'kind' | 'zone' | 'node' | 'item';
  /** Its name among those of the level; empty for `all`. */
  readonly name: string;
}

export interface Shape {
  readonly from: Group;
  readonly to: Group;
  /** `nodes`: only pairs whose ends are on two nodes; those within one are fine. */
  readonly between: 'any' | 'nodes';
  /** The pairs that it explains. */
  readonly bad: readonly Unit[];
  /** The pairs that it predicts, as far as they were measured. */
  readonly seen: readonly Unit[];
}

/** How much of what a shape predicts has to be so: one in seven may have got through, or one of a few. Ours. */
const LEAST_SHARE = 0.85;
const ONE_OF = 5;
/** One pair that got through says more against a shape than one that did not says for it. */
const GOOD_WEIGHT = 2;

/** How a symptom is explained. */
export interface Fit {
  /** The least share of bad pairs of what a shape predicts. */
  readonly share?: number;
  /** What a good pair among them takes off. */
  readonly goodWeight?: number;
  /** Whether what is left may be told as a pair. */
  accepts?(units: readonly Unit[], shape: Pick<Shape, 'from' | 'to'>): boolean;
}

interface Candidate {
  /** Of `predicted` those that are bad, and those of them, and of `absorbed`, that nothing has explained yet. */
  bad: number;
  left: number;
  absorbedLeft: number;
  readonly from: Group;
  readonly to: Group;
  readonly between: Shape['between'];
  predicted: Unit[];
  /** Bad ones that it does not predict, and that are no news beside it: those within a node whose link is dead. */
  absorbed: Unit[];
  /** Good ones that it does not predict. */
  fine: number;
}

/** What a side costs: few words for what is wide. Of two shapes that explain the same the cheaper one is told. */
const COST: Readonly<Record<Group['level'], number>> = { all: 0, kind: 0.1, item: 0.2, node: 0.3, zone: 0.4 };

/** The shapes in the order of what they explain, the widest first; every bad pair is in one, but for those not accepted. */
export function explain(
  { sources, destinations }: Places,
  units: readonly Unit[],
  { share = LEAST_SHARE, goodWeight = GOOD_WEIGHT, accepts = () => true }: Fit = {},
): Shape[] {
  if (!units.some(({ bad }) => bad)) return [];
  const hasNodes = [...sources, ...destinations].some(({ kind }) => kind === 'node');
  const candidates = candidatesOf({ sources, destinations }, units, hasNodes).filter((one) => {
    one.bad = one.predicted.filter(({ bad }) => bad).length;
    one.left = one.bad;
    one.absorbedLeft = one.absorbed.length;
    const good = one.predicted.length - one.bad;
    return good <= Math.max((1 - share) * one.predicted.length, one.predicted.length >= ONE_OF ? 1 : 0);
  });
  const users = usersOf(candidates);
  const left = new Set(units.filter(({ bad }) => bad));
  const shapes: Shape[] = [];
  while (left.size > 0) {
    const best = bestOf(candidates, goodWeight, accepts);
    if (best === undefined) break;
    const { from, to, between, predicted, absorbed } = best;
    const bad = [...predicted, ...absorbed].filter((one) => left.has(one));
    for (const one of bad) {
      left.delete(one);
      for (const user of users.get(one)?.predicted ?? []) user.left--;
      for (const user of users.get(one)?.absorbed ?? []) user.absorbedLeft--;
    }
    shapes.push({ from, to, between, bad, seen: predicted });
  }
  return shapes;
}

/** Which candidates a bad pair counts for: what is explained is taken off them, and nothing is counted anew. */
function usersOf(
  candidates: readonly Candidate[],
): ReadonlyMap<Unit, { readonly predicted: Candidate[]; readonly absorbed: Candidate[] }> {
  const users = new Map<Unit, { predicted: Candidate[]; absorbed: Candidate[] }>();
  for (const one of candidates)
    for (const part of ['predicted', 'absorbed'] as const)
      for (const unit of one[part]) {
        if (!unit.bad) continue;
        const own = users.get(unit) ?? { predicted: [], absorbed: [] };
        own[part].push(one);
        users.set(unit, own);
      }
  return users;
}

function bestOf(
  candidates: readonly Candidate[],
  goodWeight: number,
  accepts: NonNullable<Fit['accepts']>,
): Candidate | undefined {
  let best: Candidate | undefined;
  let most = 0;
  for (const one of candidates) {
    const { from, to, predicted, bad, left, absorbedLeft } = one;
    // A shape of which others have explained the most already is no story of its own.
    if (left === 0 || left * 2 < bad) continue;
    const score =
      left + absorbedLeft - goodWeight * (predicted.length - bad) - COST[from.level] - COST[to.level];
    if ((best === undefined || score > most) && accepts(predicted, one)) [best, most] = [one, score];
  }
  return best;
}

function candidatesOf(
  { sources, destinations }: Places,
  units: readonly Unit[],
  hasNodes: boolean,
): Candidate[] {
  const all = new Map<string, Candidate>();
  const visit = (
    unit: Unit,
    put: (key: string, from: Group, to: Group, between: Shape['between']) => void,
  ) => {
    const [source, destination] = [sources[unit.source], destinations[unit.destination]];
    if (source === undefined || destination === undefined) return;
    for (const from of groupsOf(source, unit.source, hasNodes))
      for (const to of groupsOf(destination, unit.destination, hasNodes)) {
        const betweens =
          isWide(from) && isWide(to) ? (['any', 'nodes'] as const) : ([natural(from, to)] as const);
        for (const between of betweens)
          put(`${from.level}:${from.name} ${to.level}:${to.name} ${between}`, from, to, between);
      }
  };
  for (const unit of units) {
    if (!unit.bad) continue;
    visit(unit, (key, from, to, between) => {
      if (!all.has(key))
        all.set(key, {
          from,
          to,
          between,
          predicted: [],
          absorbed: [],
          fine: 0,
          bad: 0,
          left: 0,
          absorbedLeft: 0,
        });
    });
  }
  for (const unit of units) {
    visit(unit, (key, from, to, between) => {
      const one = all.get(key);
      if (one === undefined) return;
      const ends = [sources[unit.source], destinations[unit.destination]] as const;
      if (counts(from, to, between, ...ends)) one.predicted.push(unit);
      else if (unit.bad) one.absorbed.push(unit);
      else one.fine++;
    });
  }
  return [...all.values()].filter((one) => isWhatItSays(one, { sources, destinations }));
}

/** From the widest to the narrowest. */
function groupsOf({ kind, zone, node }: MatrixPlace, index: number, hasNodes: boolean): Group[] {
  return [
    { level: 'all', name: '' },
    ...(hasNodes ? [{ level: 'kind', name: kind } as const] : []),
    ...(zone === undefined ? [] : [{ level: 'zone', name: zone } as const]),
    // A node that is a place itself is that place, and not all that is on it.
    ...(node === undefined || kind === 'node' ? [] : [{ level: 'node', name: node } as const]),
    { level: 'item', name: String(index) },
  ];
}

function isWide({ level }: Group): boolean {
  return level === 'all' || level === 'kind';
}

/** What is wrong with a node's link is not seen between its own pods. */
function natural(from: Group, to: Group): Shape['between'] {
  return from.level === 'node' || to.level === 'node' || from.level === 'zone' || to.level === 'zone'
    ? 'nodes'
    : 'any';
}

function counts(
  from: Group,
  to: Group,
  between: Shape['between'],
  source: MatrixPlace | undefined,
  destination: MatrixPlace | undefined,
): boolean {
  if (between === 'any') return true;
  if (source?.node === undefined || destination?.node === undefined) {
    // A Service is on no node: a shape that names it, and a node's pods, is about it.
    return from.level === 'item' || to.level === 'item';
  }
  if (from.level === 'zone' || to.level === 'zone') return source.zone !== destination.zone;
  return source.node !== destination.node;
}

/** A group has to be more than one of its places, or its only place is what is meant. */
function isWhatItSays({ from, to, between, predicted, absorbed, fine }: Candidate, places: Places): boolean {
  if (predicted.length === 0) return false;
  const sources = new Set(predicted.map(({ source }) => source));
  const destinations = new Set(predicted.map(({ destination }) => destination));
  if (from.level !== 'item' && sources.size < 2) return false;
  if (to.level !== 'item' && destinations.size < 2) return false;
  // What comes from one node alone is no "wherever it comes from".
  if (
    isWide(from) &&
    !isSpread(
      to,
      predicted.map(({ source }) => places.sources[source]),
    )
  )
    return false;
  if (
    isWide(to) &&
    !isSpread(
      from,
      predicted.map(({ destination }) => places.destinations[destination]),
    )
  )
    return false;
  // "Between nodes" is said where most of what was seen within them works.
  return between === 'any' || !isWide(from) || !isWide(to) || fine > absorbed.length;
}

/** Beside a node or a zone: whether the others are on more than one. */
function isSpread({ level }: Group, others: readonly (MatrixPlace | undefined)[]): boolean {
  if (level !== 'node' && level !== 'zone') return true;
  return new Set(others.map((place) => place?.[level])).size > 1;
}
