/** `matrix`: all pairs of sources and destinations, one exec for each source, and the pattern of what fails. */
import { choosePairs, perNode } from '../checks/matrix/sample.ts';
import { isSuspect, matrixReport, withChanges } from '../checks/matrix/whole.ts';
import { checkWritable } from '../console/bundle-file.ts';
import { BundleListFile } from '../console/bundle-list-file.ts';
import { interruptible } from '../console/interrupt.ts';
import { exitCodeOf, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { interruptedWith, type Reported } from '../console/unsaved.ts';
import type { MatrixArgs, RunOptions } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import {
  type MatrixFrame,
  type MatrixGoal,
  type MatrixOptions,
  type MatrixPlace,
  type MatrixReport,
  placeKey,
} from '../model/matrix.ts';
import { version } from '../model/version.ts';
import { type Sharing, sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { type FoundPlace, matrixPlaces, refuseMissingSide } from '../open/matrix-places.ts';
import { isInShard } from '../open/shard.ts';
import { refuseTooMany } from './chosen-targets.ts';
import { gatherMany } from './gather-many.ts';
import { afterPush } from './push-report.ts';

/** Resolves to the exit code. After Ctrl-C what is there is printed. */
export async function runMatrix(args: MatrixArgs): Promise<number> {
  keepHeapSmall();
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { report, unsaved } = await withProgress((progress) => reportOf(args, signal, progress));
      if (!signal.aborted || report.cells.length > 0) await printReport(report, args.report);
      if (signal.aborted) throw interruptedWith(unsaved, signal);
      // A shard may have no source of its own.
      const code =
        report.sources.length === 0
          ? 0
          : await afterPush(report, args.report, exitCodeOf(report, args.report.failOn));
      if (unsaved !== undefined) throw unsaved;
      return code;
    }),
  );
}

interface Sides {
  readonly sources: readonly FoundPlace[];
  readonly destinations: readonly FoundPlace[];
}

/** @throws {UserError} exit 2 or 3 when there is no pair at all, or too many sources */
async function reportOf(
  args: MatrixArgs,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Reported<MatrixReport>> {
  const { connection, session, limits, report } = args;
  if (report.save !== undefined) await checkWritable(report.save);
  const head = { tool: { version }, startedAt: new Date().toISOString() };
  const began = performance.now();
  const shared = sharing(connection, signal);
  const sides = await withDeadline(session, signal, progress, (deadline) => {
    deadline.progress.show('looking for sources and destinations');
    return sidesOf(args, shared, deadline.signal);
  });
  refuseTooMany(sides.sources.map(targetOf), limits);
  const { sources, rows, pairs } = ownPart(sides, args);
  const targets = sources.map(targetOf);
  const options: RunOptions = {
    connection,
    session,
    to: [],
    names: [],
    thresholds: {},
    options: { matrix: goalsOf({ ...sides, sources }, rows) },
  };
  const file = report.save === undefined ? undefined : await BundleListFile.begin(report.save, head);
  try {
    const { items, failed, choice } = await gatherMany(
      { targets, checks: ['matrix'], options, many: limits, shared, file, lineOf: () => undefined },
      signal,
      progress,
    );
    const whole = (matrix: MatrixFrame): MatrixReport =>
      matrixReport({
        ...head,
        durationMs: Math.round(performance.now() - began),
        matrix,
        items,
        failed,
        ...(choice === undefined ? {} : { choice }),
      });
    const frame = frameOf({ ...sides, sources }, pairs);
    const settled = isSuspect(whole(frame)) ? await settledFrame(frame, sides, args, shared, signal) : frame;
    const made = whole(settled);
    await file?.finish({ failed, durationMs: made.durationMs, matrix: settled });
    return { report: made, unsaved: file?.unsaved };
  } finally {
    await file?.close();
  }
}

/**
 * The sources of the shard, and what they are to probe: chosen from all pairs, so that all shards see the same choice.
 * @throws {UserError} exit 3: there is no pair, of whatever shard
 */
function ownPart(
  { sources, destinations }: Sides,
  { mostPairs, limits: { shard } }: MatrixArgs,
): Pick<Sides, 'sources'> & { readonly rows: readonly (readonly number[])[] } & Pick<MatrixFrame, 'pairs'> {
  const { rows, possible, asked } = choosePairs(sources, destinations, mostPairs);
  if (asked === 0) throw new UserError('there is no pair: a matrix takes at least two places.', 3);
  if (shard === undefined) return { sources, rows, pairs: { possible, asked } };
  const keys = new Set(destinations.map(placeKey));
  const own = sources.flatMap((source, at) =>
    isInShard(placeKey(source), shard) ? [{ source, row: rows[at] ?? [] }] : [],
  );
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    sources: own.map(({ source }) => source),
    rows: own.map(({ row }) => row),
    pairs: {
      possible: sum(own.map(({ source }) => keys.size - Number(keys.has(placeKey(source))))),
      asked: sum(own.map(({ row }) => row.length)),
    },
  };
}

/** @throws {UserError} exit 2 or 3: there is no such thing, or one side has nothing that is there */
export async function sidesOf(args: MatrixArgs, shared: Sharing, signal: AbortSignal): Promise<Sides> {
  const sides = await sidesNow(args, shared, signal);
  refuseMissingSide(sides.sources);
  refuseMissingSide(sides.destinations);
  return sides;
}

/** With what is not there, or no longer. */
async function sidesNow(args: MatrixArgs, { connect }: Sharing, signal: AbortSignal): Promise<Sides> {
  const client = await connect(args.connection, signal);
  const look = async (words: MatrixArgs['from']): Promise<FoundPlace[]> => {
    const found = await matrixPlaces(client, words, args, signal);
    return args.perNode === undefined ? found : perNode(found, args.perNode);
  };
  const from = await look(args.from);
  const sources = from.filter(({ kind }) => kind !== 'service');
  // A Service among the sources is where they all go to.
  const services = from.filter(({ kind }) => kind === 'service');
  if (args.to === undefined) return { sources, destinations: from };
  const to = await look(args.to);
  const keys = new Set(to.map(placeKey));
  return { sources, destinations: [...to, ...services.filter((one) => !keys.has(placeKey(one)))] };
}

export function targetOf({ kind, name, namespace, node, zone, owner }: FoundPlace): ListedTarget {
  const traits = { ...(owner === undefined ? {} : { owner }), ...(zone === undefined ? {} : { zone }) };
  return {
    spec: kind === 'node' ? { kind: 'node', name } : { kind: 'name', name },
    ...(namespace === undefined ? {} : { namespace }),
    ...(node === undefined ? {} : { node }),
    ...(Object.keys(traits).length === 0 ? {} : { traits }),
  };
}

function goalsOf({ sources, destinations }: Sides, rows: readonly (readonly number[])[]): MatrixOptions {
  const goal = (destination: number): MatrixGoal[] => {
    const place = destinations[destination];
    if (place === undefined) return [];
    const { addresses, tcpPort, udpPort, isVirtual } = place;
    return [{ destination, addresses, tcpPort, ...(udpPort === undefined ? {} : { udpPort }), isVirtual }];
  };
  return {
    goals: Object.fromEntries(
      sources.map((source, at) => [placeKey(source), (rows[at] ?? []).flatMap(goal)]),
    ),
  };
}

function frameOf({ sources, destinations }: Sides, pairs: MatrixFrame['pairs']): MatrixFrame {
  return { sources: sources.map(placeOf), destinations: destinations.map(destinationOf), pairs };
}

export function placeOf({ kind, target, namespace, node, zone }: FoundPlace): MatrixPlace {
  return {
    kind,
    target,
    ...(namespace === undefined ? {} : { namespace }),
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function destinationOf(place: FoundPlace): MatrixPlace {
  const { addresses, missing } = place;
  return {
    ...placeOf(place),
    ...(addresses.length === 0 ? { gone: missing ?? 'it has no address yet' } : {}),
  };
}

/** What a rollout broke meanwhile is no fault of the network; what cannot be read again is told as it was seen. */
async function settledFrame(
  frame: MatrixFrame,
  before: Sides,
  args: MatrixArgs,
  shared: Sharing,
  signal: AbortSignal,
): Promise<MatrixFrame> {
  try {
    const { perNode: _some, ...all } = args;
    const now = await sidesNow(all, shared, signal);
    return withChanges(frame, before.destinations, now.destinations);
  } catch {
    return frame;
  }
}
