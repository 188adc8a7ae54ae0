/** A matrix as yes-or-no questions, one list for each symptom: which pairs show it, and which could have. Pure. */
import type {
  MatrixCell,
  MatrixFrame,
  MatrixPlace,
  MatrixProbe,
  MatrixProbeName,
} from '../../model/matrix.ts';
import { cellsByPair, connectedPorts, portKey } from '../../model/matrix-pairs.ts';

/**
 * `dead`: nothing gets through. `family`: one of two families does not. `full`: large packets do not. `icmp`, `tcp`, `udp`:
 * that one does not. `lossy`: echo requests are lost. `slow`: answers take far longer than between others. `dns`: the
 * source's own name server does not answer.
 */
export type Symptom = 'dead' | 'family' | 'full' | 'icmp' | 'tcp' | 'udp' | 'lossy' | 'slow' | 'dns';

/** One pair that was measured, and whether it shows the symptom. */
export interface Unit {
  readonly source: number;
  readonly destination: number;
  readonly bad: boolean;
  /** The cell that says so. */
  readonly cell: MatrixCell;
}

export interface Layer {
  readonly symptom: Symptom;
  /** Of what is looked at for each family by itself. */
  readonly family?: 4 | 6;
  readonly units: readonly Unit[];
}

/** Both lists that places of cells are in. */
export type Places = Pick<MatrixFrame, 'sources' | 'destinations'>;

type Pair = readonly MatrixCell[];

const BASIC: readonly MatrixProbeName[] = ['icmp', 'tcp', 'udp'];
/** An answer that takes three times as long as the usual one, and so many ms more: ours. */
const SLOW_TIMES = 3;
const SLOW_MS = 5;

/** Layers in the order in which they are told: what is dead shows in no other one. */
export function layersOf(frame: Places, cells: readonly MatrixCell[]): Layer[] {
  const connects = connectedPorts(cells);
  const isLost = (cell: MatrixCell, name: MatrixProbeName): boolean | undefined =>
    lost(cell[name], name === 'tcp' && connects.has(portKey(cell)));
  const states = new Map(cells.map((cell) => [cell, stateOf(cell, isLost)]));
  const alive = (cell: MatrixCell): boolean => states.get(cell) === 'alive';
  const pairs = [...cellsByPair(cells).values()].map((pair) =>
    pair.filter((cell) => states.get(cell) !== undefined),
  );
  const living = cells.filter(alive);
  const each = (symptom: Symptom, family: 4 | 6, of: (cell: MatrixCell) => boolean | undefined): Layer => ({
    symptom,
    family,
    units: living.flatMap((cell) => {
      const bad = cell.family === family ? of(cell) : undefined;
      return bad === undefined ? [] : [unit(cell, bad)];
    }),
  });
  const families = [4, 6] as const;
  return [
    { symptom: 'dead', units: pairs.flatMap((pair) => pairUnit(pair, (cell) => !alive(cell))) },
    ...families.map(
      (family): Layer => ({
        symptom: 'family',
        family,
        units: pairs.flatMap((pair) => familyUnit(pair, family, alive)),
      }),
    ),
    ...families.flatMap((family) => [
      each('tcp', family, (cell) => isLost(cell, 'tcp')),
      each('udp', family, (cell) => isLost(cell, 'udp')),
      each('icmp', family, (cell) => isLost(cell, 'icmp')),
      each('full', family, (cell) => isLost(cell, 'full')),
      each('lossy', family, lossy),
      each('slow', family, slowness(frame, living, family)),
    ]),
  ];
}

/** `undefined`: not measured, or it does not apply. */
function lost(probe: MatrixProbe | undefined, connects: boolean): boolean | undefined {
  if (probe === undefined || probe.outcome === 'unmeasured') return undefined;
  // Where others connect, a refusal is no word of the destination's: a rule on the way says it.
  return probe.outcome === 'lost' || (connects && probe.outcome === 'refused');
}

function stateOf(
  cell: MatrixCell,
  isLost: (cell: MatrixCell, name: MatrixProbeName) => boolean | undefined,
): 'alive' | 'dead' | undefined {
  const known = BASIC.map((name) => isLost(cell, name)).filter((one) => one !== undefined);
  if (known.length === 0) return undefined;
  return known.every((one) => one) ? 'dead' : 'alive';
}

function unit(cell: MatrixCell, bad: boolean): Unit {
  return { source: cell.source, destination: cell.destination, bad, cell };
}

/** A pair is dead where it is in every family that it was measured in. */
function pairUnit(pair: Pair, isDead: (cell: MatrixCell) => boolean): Unit[] {
  const [first] = pair;
  return first === undefined ? [] : [unit(first, pair.every(isDead))];
}

/** Whether one family is dead where the other one lives; nothing is said where both are dead. */
function familyUnit(pair: Pair, family: 4 | 6, alive: (cell: MatrixCell) => boolean): Unit[] {
  const own = pair.find((cell) => cell.family === family);
  const other = pair.find((cell) => cell.family !== family);
  if (own === undefined || other === undefined) return [];
  if (!alive(own) && !alive(other)) return [];
  return [unit(own, !alive(own))];
}

function lossy({ icmp }: MatrixCell): boolean | undefined {
  if (icmp?.sent === undefined || icmp.received === undefined || icmp.received === 0) return undefined;
  return icmp.received < icmp.sent;
}

/** Of what runs on one node nobody expects the times of what does not, and of one zone not those of another. */
function slowness(
  { sources, destinations }: Places,
  living: readonly MatrixCell[],
  family: 4 | 6,
): (cell: MatrixCell) => boolean | undefined {
  const distance = ({ source, destination }: MatrixCell): string =>
    distanceOf(sources[source], destinations[destination]);
  const times = new Map<string, number[]>();
  for (const cell of living) {
    const ms = cell.icmp?.ms;
    if (cell.family !== family || ms === undefined) continue;
    const key = distance(cell);
    const list = times.get(key);
    if (list === undefined) times.set(key, [ms]);
    else list.push(ms);
  }
  const usual = new Map([...times].map(([key, list]) => [key, medianOf(list)]));
  return (cell) => {
    const ms = cell.icmp?.ms;
    const median = usual.get(distance(cell));
    if (ms === undefined || median === undefined) return undefined;
    return ms > SLOW_TIMES * median && ms > median + SLOW_MS;
  };
}

function distanceOf(a: MatrixPlace | undefined, b: MatrixPlace | undefined): string {
  if (a?.node !== undefined && a.node === b?.node) return 'node';
  return a?.zone === b?.zone ? 'zone' : 'far';
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
