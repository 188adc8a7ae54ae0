/** The evidence of a matrix's shards as that of one run. Pure. */
import type { Bundle, BundleList } from '../model/bundle.ts';
import { type MatrixFrame, type MatrixGoal, type MatrixPlace, placeKey } from '../model/matrix.ts';
import type { TargetInfo } from '../model/report.ts';
import type { FailedTarget } from '../model/report-list.ts';

/** What is known of the run without its shards. */
export interface MergeHead {
  readonly tool: BundleList['tool'];
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Targets of shards that nothing came of. */
export interface Lost {
  readonly failed: readonly FailedTarget[];
  /** Of a matrix: the same, as sources. */
  readonly sources: readonly MatrixPlace[];
}

/** @param parts of a matrix, at least one */
export function mergedMatrix(parts: readonly BundleList[], lost: Lost, head: MergeHead): BundleList {
  const [first] = parts;
  if (first === undefined) throw new Error('there is nothing to merge');
  const matrix = mergedFrame(
    parts.flatMap((part) => part.matrix ?? []),
    lost.sources,
  );
  const sources = placesOf(matrix.sources);
  const destinations = placesOf(matrix.destinations);
  const items = parts.flatMap((part) =>
    part.items.flatMap(({ place, bundle }) => {
      const source = part.matrix?.sources[place];
      const to = source === undefined ? undefined : sources.get(placeKey(source));
      if (part.matrix === undefined || to === undefined) return [];
      return [{ place: to, bundle: moved(bundle, part.matrix.destinations, destinations) }];
    }),
  );
  const failed = [...parts.flatMap((part) => part.failed), ...lost.failed].sort(byName);
  return { ...first, ...head, failed, matrix, items };
}

/** All places that any shard has seen; what one of them saw going or gone is no verdict on the network. */
function mergedFrame(frames: readonly MatrixFrame[], lost: readonly MatrixPlace[]): MatrixFrame {
  const destinations = new Map<string, MatrixPlace>();
  for (const place of frames.flatMap((frame) => frame.destinations)) {
    const key = placeKey(place);
    const known = destinations.get(key);
    if (known === undefined || (known.gone === undefined && place.gone !== undefined))
      destinations.set(key, place);
  }
  const sources = new Map<string, MatrixPlace>();
  for (const place of [...frames.flatMap((frame) => frame.sources), ...lost]) {
    if (!sources.has(placeKey(place))) sources.set(placeKey(place), place);
  }
  const sum = (of: (frame: MatrixFrame) => number): number =>
    frames.reduce((all, frame) => all + of(frame), 0);
  return {
    sources: [...sources.values()].sort(byPlace),
    destinations: [...destinations.values()].sort(byPlace),
    pairs: { possible: sum(({ pairs }) => pairs.possible), asked: sum(({ pairs }) => pairs.asked) },
  };
}

function placesOf(places: readonly MatrixPlace[]): ReadonlyMap<string, number> {
  return new Map(places.map((place, at) => [placeKey(place), at]));
}

/** The ids of a row's commands begin with the place of their destination: input and evidence move together. */
function moved(bundle: Bundle, from: readonly MatrixPlace[], to: ReadonlyMap<string, number>): Bundle {
  const placeOf = (at: number): number => {
    const place = from[at];
    const found = place === undefined ? undefined : to.get(placeKey(place));
    if (found === undefined) throw new Error(`destination ${at} is in no frame`);
    return found;
  };
  return {
    ...bundle,
    checks: bundle.checks.map((check) => {
      if (check.id !== 'matrix') return check;
      const input = check.input as { readonly goals: readonly MatrixGoal[] };
      const goals = input.goals.map((goal) => ({ ...goal, destination: placeOf(goal.destination) }));
      const evidence = Object.entries(check.evidence).map(([id, result]) => {
        const renamed = id.replace(/^d(\d+)(?=v[46]-)/, (_, at: string) => `d${placeOf(Number(at))}`);
        return [renamed, { ...result, id: renamed }];
      });
      return { ...check, input: { ...input, goals }, evidence: Object.fromEntries(evidence) };
    }),
  };
}

/** As one run sorts what a selector finds. */
export function byTarget(a: TargetInfo, b: TargetInfo): number {
  return order(a.namespace, b.namespace) || order(a.name, b.name);
}

export function byName(a: FailedTarget, b: FailedTarget): number {
  return order(a.namespace, b.namespace) || order(a.target, b.target);
}

/** As one run sorts them: Services last, as they are nowhere. */
function byPlace(a: MatrixPlace, b: MatrixPlace): number {
  const last = Number(a.kind === 'service') - Number(b.kind === 'service');
  return (
    last ||
    order(a.zone, b.zone) ||
    order(a.node, b.node) ||
    order(a.namespace, b.namespace) ||
    order(a.target, b.target)
  );
}

/** By code units: it is the same on every machine. */
function order(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
