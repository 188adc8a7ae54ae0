/** What the judge and the map of a matrix read out of its cells alike. Pure. */
import type { MatrixCell } from './matrix.ts';

/** Destinations, with their port, that some source has connected to. */
export function connectedPorts(cells: readonly MatrixCell[]): ReadonlySet<string> {
  return new Set(cells.filter(({ tcp }) => tcp?.outcome === 'reached').map(portKey));
}

/** A destination with its port and address family. */
export function portKey({ destination, family, tcp }: MatrixCell): string {
  return `${destination} ${family} ${tcp?.port ?? ''}`;
}

/** A source with its destination, by their places in the lists. */
export function pairKey(source: number, destination: number): string {
  return `${source} ${destination}`;
}

/** The cells of each pair, one for each address family; by {@link pairKey}. */
export function cellsByPair(cells: readonly MatrixCell[]): ReadonlyMap<string, readonly MatrixCell[]> {
  const pairs = new Map<string, MatrixCell[]>();
  for (const cell of cells) {
    const key = pairKey(cell.source, cell.destination);
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, [cell]);
    else pair.push(cell);
  }
  return pairs;
}
