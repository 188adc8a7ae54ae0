/** Which places and which pairs of them are looked at, where all are too many. Pure. */
import { type MatrixPlace, placeKey } from '../../model/matrix.ts';

/** At most so many pods of each node, spread over those that there are; what is no pod stays. */
export function perNode<Place extends MatrixPlace>(places: readonly Place[], most: number): Place[] {
  const byNode = new Map<string, Place[]>();
  for (const place of places) {
    if (place.kind !== 'pod') continue;
    const list = byNode.get(place.node ?? '');
    if (list === undefined) byNode.set(place.node ?? '', [place]);
    else list.push(place);
  }
  const kept = new Set([...byNode.values()].flatMap((list) => spreadOver(list, most)));
  return places.filter((place) => place.kind !== 'pod' || kept.has(place));
}

function spreadOver<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] as T);
}

/** For each source the places in `destinations` of those that it is to probe. */
export interface Pairs {
  readonly rows: readonly (readonly number[])[];
  readonly possible: number;
  readonly asked: number;
}

/**
 * All pairs, or where these are too many a part of them in which every source has as many destinations as the others, and
 * every destination as many sources, within one. Both lists are sorted by zone and node, and what a source gets is spread
 * evenly over the destinations: so nodes and zones are met alike too.
 */
export function choosePairs(
  sources: readonly MatrixPlace[],
  destinations: readonly MatrixPlace[],
  most: number,
): Pairs {
  const keys = destinations.map(placeKey);
  const others = sources.map((source) => {
    const own = placeKey(source);
    return keys.flatMap((key, at) => (key === own ? [] : [at]));
  });
  const possible = others.reduce((sum, one) => sum + one.length, 0);
  if (possible <= most) return { rows: others, possible, asked: possible };
  const each = Math.max(1, Math.floor(most / sources.length));
  const uses = new Array<number>(destinations.length).fill(0);
  const rows = others.map((row, at) => {
    const count = Math.min(each, row.length);
    // Steps as wide as the list allows, begun one further for each source; of what is near, the least used.
    const chosen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const ideal = Math.floor((i * row.length) / count + at) % row.length;
      const best = leastUsed(row, ideal, chosen, uses);
      chosen.add(best);
      uses[best] = (uses[best] ?? 0) + 1;
    }
    return [...chosen].sort((a, b) => a - b);
  });
  return { rows, possible, asked: rows.reduce((sum, row) => sum + row.length, 0) };
}

function leastUsed(
  row: readonly number[],
  from: number,
  chosen: ReadonlySet<number>,
  uses: readonly number[],
): number {
  let best: number | undefined;
  for (let i = 0; i < row.length; i++) {
    const one = row[(from + i) % row.length] as number;
    if (chosen.has(one)) continue;
    if (best === undefined || (uses[one] ?? 0) < (uses[best] ?? 0)) best = one;
  }
  return best ?? (row[0] as number);
}
