/** Runs checks on many targets and collects what comes of them; shared by all commands that do. */
import type { BundleListFile } from '../console/bundle-list-file.ts';
import { InterruptedError } from '../console/interrupt.ts';
import type { ProgressLine } from '../console/progress.ts';
import type { ManyTargets, RunOptions } from '../model/args.ts';
import type { ClusterChoice } from '../model/cluster-choice.ts';
import type { Report } from '../model/report.ts';
import type { FailedTarget } from '../model/report-list.ts';
import { connectionIn, type Sharing } from '../open/connect.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { findTarget } from '../open/target.ts';
import { targetName } from '../open/target-name.ts';
import { run } from '../run/engine.ts';
import { spread } from '../run/spread.ts';
import { reasonOf } from './failure-reason.ts';
import { Notes } from './many-notes.ts';

/** What is to be gathered. */
interface Gathering {
  readonly targets: readonly ListedTarget[];
  readonly checks: readonly string[];
  readonly options: RunOptions;
  readonly many: Pick<ManyTargets, 'atOnce'>;
  readonly shared: Sharing;
  readonly file: BundleListFile | undefined;
  /** A line that stays on the terminal when a target has ended; absent: there is nothing to say of it. */
  lineOf(report: Report): string | undefined;
}

/** What came of it; both lists are in the order of the targets. */
interface Gathered {
  readonly items: readonly { readonly place: number; readonly report: Report }[];
  readonly failed: readonly FailedTarget[];
  /** Why there is no report, by the place of the target. */
  readonly reasons: ReadonlyMap<number, string>;
  /** How the user chose the cluster, for commands in remedies. */
  readonly choice?: ClusterChoice;
}

export async function gatherMany(
  { targets, checks, options, many, shared, file, lineOf }: Gathering,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Gathered> {
  const reports = new Map<number, Report>();
  const failures = new Map<number, FailedTarget>();
  const notes = new Notes(progress);
  let choice: ClusterChoice | undefined;
  const show = (text: string): void => progress.show(`${counts(reports, failures, targets.length)}; ${text}`);
  const order = spread(targets.map(({ node }) => node));
  const begun = order.flatMap((place) => targets[place] ?? []);
  const request = { targets: begun, checks, options, limits: { targetsAtOnce: many.atOnce } };
  const find: Parameters<typeof run>[1]['find'] = ({ spec, namespace }, ending) => {
    const connection = connectionIn(options.connection, namespace);
    return findTarget({ ...options, connection, target: spec }, ending, shared);
  };
  for await (const event of run(request, { find }, signal)) {
    const place = order[event.target] ?? 0;
    const target = targets[place];
    if (target === undefined) continue;
    switch (event.type) {
      case 'stage':
        show(`${targetName(target)}: ${event.text}`);
        break;
      case 'note':
        notes.add(targetName(target), event.text);
        break;
      case 'gathered':
        choice ??= event.bundle.connection;
        await file?.add(place, event.bundle);
        break;
      case 'report': {
        reports.set(place, event.report);
        const line = lineOf(event.report);
        if (line !== undefined) progress.line(line);
        break;
      }
      case 'failed': {
        const failed = failedTarget(target, event.error);
        failures.set(place, failed);
        if (!(event.error instanceof InterruptedError)) progress.line(`? ${failed.target}: ${failed.reason}`);
        break;
      }
    }
  }
  notes.end();
  return {
    items: inOrder(reports).map(([at, report]) => ({ place: at, report })),
    failed: inOrder(failures).map(([, one]) => one),
    reasons: new Map([...failures].map(([at, { reason }]) => [at, reason])),
    ...(choice === undefined ? {} : { choice }),
  };
}

function counts(
  reports: ReadonlyMap<number, Report>,
  failures: ReadonlyMap<number, FailedTarget>,
  of: number,
): string {
  const bad = [...reports.values()].filter(({ verdict }) => verdict === 'fail' || verdict === 'warn').length;
  return [
    `${reports.size + failures.size} of ${of}`,
    ...(bad === 0 ? [] : [`${bad} with findings`]),
    ...(failures.size === 0 ? [] : [`${failures.size} not measured`]),
  ].join(', ');
}

function failedTarget(target: ListedTarget, error: unknown): FailedTarget {
  const { namespace, node, traits } = target;
  return {
    target: targetName(target),
    ...(namespace === undefined ? {} : { namespace }),
    ...(node === undefined ? {} : { node }),
    ...traits,
    reason: reasonOf(error),
  };
}

function inOrder<T>(all: ReadonlyMap<number, T>): [number, T][] {
  return [...all].sort(([a], [b]) => a - b);
}
