/** From shapes to stories: what of them is one thing to say. Pure. */
import {
  type MatrixCell,
  type MatrixFrame,
  type MatrixPlace,
  type MatrixSource,
  placeKey,
} from '../../model/matrix.ts';
import type { Group, Shape } from './explain.ts';
import type { Layer, Unit } from './units.ts';

/** A matrix as it was measured. */
export interface Measured extends Pick<MatrixFrame, 'destinations'> {
  readonly sources: readonly MatrixSource[];
  readonly cells: readonly MatrixCell[];
}

/** More single pairs are no story each. */
const MOST_PAIRS = 3;

/** One or two shapes that are one thing to say. */
export interface Story {
  readonly kind: 'all' | 'nodes' | 'to' | 'from' | 'cut' | 'between' | 'way' | 'service' | 'scattered';
  readonly from: Group;
  readonly to: Group;
  readonly bad: readonly Unit[];
  /** The pairs that it is about, as far as they were measured. */
  readonly seen: readonly Unit[];
  /** Of `way`: the other direction was measured, and works. */
  readonly isOneWay?: boolean;
}

export function storiesOf(shapes: readonly Shape[], { units }: Layer, matrix: Measured): Story[] {
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
    { kind: 'scattered', from: all, to: all, bad, seen: units },
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
  const seen = [...shape.seen, ...(back?.seen ?? [])];
  const wide = { from: isWide(from), to: isWide(to) };
  if (wide.from && wide.to) {
    if (shape.between === 'nodes') return { kind: 'nodes', from, to, bad, seen };
    if (from.level === 'all' || to.level === 'all') return { kind: 'all', from, to, bad, seen };
    const isOverlay =
      from.name === 'pod' && to.name === 'pod' && seen.every((unit) => isAcross(unit, matrix));
    if (isOverlay) return { kind: 'nodes', from, to, bad, seen };
    return from.name === to.name
      ? { kind: 'all', from, to, bad, seen }
      : { kind: 'way', from, to, bad, seen, isOneWay: worksBack(shape, units, matrix) };
  }
  if (wide.from || wide.to) {
    if (back !== undefined) {
      // Of both lists it has a number in, that of the sources names it.
      const place = wide.from ? back.from : from;
      return { kind: 'cut', from: place, to: place, bad, seen };
    }
    return { kind: wide.from ? 'to' : 'from', from, to, bad, seen };
  }
  if (placeOf(to, matrix.destinations)?.kind === 'service') return { kind: 'service', from, to, bad, seen };
  if (back !== undefined) return { kind: 'between', from, to, bad, seen };
  return { kind: 'way', from, to, bad, seen, isOneWay: worksBack(shape, units, matrix) };
}

function isAcross({ source, destination }: Unit, { sources, destinations }: Measured): boolean {
  return sources[source]?.node !== destinations[destination]?.node;
}

export function isWide({ level }: Group): boolean {
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
