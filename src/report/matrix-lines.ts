/** The rows and columns of a matrix's map, whatever it is drawn with. Pure; nothing is escaped here. */
import type { MatrixPlace, MatrixReport } from '../model/matrix.ts';
import { probeSign, type Sign, type Signs, worst } from './matrix-cells.ts';

/** What stands in one row or column: a place, or all places of a node. */
export interface Line {
  readonly name: string;
  /** The node, or the zone of a node: told once for all that are in it. */
  readonly head: string;
  readonly members: readonly number[];
}

/** @param isFolded a line for each node, not for each place */
export function linesOf(places: readonly MatrixPlace[], isFolded: boolean): Line[] {
  const several = new Set(places.flatMap(({ namespace }) => namespace ?? [])).size > 1;
  if (!isFolded)
    return places.map((place, at) => ({
      name: nameOf(place, several),
      head: headOf(place),
      members: [at],
    }));
  const byNode = new Map<string, { zone: string; members: number[] }>();
  for (const [at, place] of places.entries()) {
    const name = place.node ?? place.target;
    const line = byNode.get(name);
    if (line === undefined) byNode.set(name, { zone: place.zone ?? '', members: [at] });
    else line.members.push(at);
  }
  return [...byNode].map(([node, { zone, members }]) => ({
    name: `${node} (${members.length})`,
    head: zone,
    members,
  }));
}

function nameOf({ kind, target, namespace }: MatrixPlace, several: boolean): string {
  const name = kind === 'pod' ? target.replace(/^pod\//, '') : target;
  return several && namespace !== undefined ? `${namespace}/${name}` : name;
}

function headOf({ kind, node, zone }: MatrixPlace): string {
  const place = kind === 'node' ? '' : (node ?? '');
  return [zone, place].filter((word) => word !== undefined && word !== '').join(' ');
}

/** The worst of all pairs of the two; `undefined`: none was asked for. */
export function signOf(signs: Signs, rows: readonly number[], columns: readonly number[]): Sign | undefined {
  const all = rows.flatMap((row) => columns.flatMap((column) => signs.of(row, column) ?? []));
  return all.length === 0 ? undefined : worst(all);
}

export interface OwnColumn {
  readonly name: string;
  readonly signs: readonly (Sign | undefined)[];
}

/** What the sources have of the cluster's own Services. */
export function ownColumns({ sources }: MatrixReport, rows: readonly Line[]): OwnColumn[] {
  return (['dns', 'service'] as const).flatMap((which) => {
    if (sources.every((one) => one[which] === undefined)) return [];
    const signs = rows.map(({ members }) => {
      const all = members.flatMap((at) => probeSign(sources[at]?.[which]) ?? []);
      return all.length === 0 ? undefined : worst(all);
    });
    return [{ name: which === 'dns' ? 'DNS' : 'API', signs }];
  });
}
