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

/** More single pairs, or more ways from one place to another, are no story each. */
const MOST_PAIRS = 3;
const MOST_WAYS = 6;

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
  const byWay = new Map(shapes.map((shape) => [wayKey(shape, matrix), shape]));
  for (const shape of shapes) {
    if (taken.has(shape)) continue;
    taken.add(shape);
    const found = byWay.get(wayKey(shape, matrix, true));
    const back = found !== undefined && !taken.has(found) ? found : undefined;
    if (back !== undefined) taken.add(back);
    stories.push(storyOf(shape, back, units, matrix));
  }
  const ways = stories.filter(isWay);
  const pairs = ways.filter(({ from, to }) => from.level === 'item' && to.level === 'item');
  const spread = ways.length > MOST_WAYS ? ways : pairs.length > MOST_PAIRS ? pairs : [];
  if (spread.length === 0) return stories;
  const bad = spread.flatMap((one) => one.bad);
  const all: Group = { level: 'all', name: '' };
  return [
    ...stories.filter((one) => !spread.includes(one)),
    { kind: 'scattered', from: all, to: all, bad, seen: units },
  ];
}

/** From one place to another. */
function isWay({ kind }: Story): boolean {
  return kind === 'between' || kind === 'way' || kind === 'service';
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

/** The same for a shape and for the one of the other direction, where that is asked for as its reverse. */
function wayKey({ from, to }: Shape, { sources, destinations }: Measured, isReverse = false): string {
  const ends = [groupKey(from, sources), groupKey(to, destinations)];
  return (isReverse ? ends.reverse() : ends).join(' → ');
}

/** Both lists number the same place in their own way. */
function groupKey(group: Group, places: readonly MatrixPlace[]): string {
  const place = placeOf(group, places);
  return `${group.level} ${place === undefined ? group.name : placeKey(place)}`;
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
