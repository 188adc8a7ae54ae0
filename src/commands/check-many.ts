/** The same checks on many targets: progress while they run, one list of reports in the end. */
import { checkWritable } from '../console/bundle-file.ts';
import { BundleListFile } from '../console/bundle-list-file.ts';
import { InterruptedError, interruptible } from '../console/interrupt.ts';
import { exitCodeOf, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import type { CheckArgs, ManyTargets, RunOptions } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import type { FailedTarget, ReportList } from '../model/report-list.ts';
import { version } from '../model/version.ts';
import { connectionIn, type Sharing } from '../open/connect.ts';
import { withUserErrors } from '../open/failures.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { findTarget } from '../open/target.ts';
import { targetLine } from '../report/list-table.ts';
import { reportList } from '../report/report-list.ts';
import { run } from '../run/engine.ts';
import { spread } from '../run/spread.ts';
import { chosenTargets, targetName } from './chosen-targets.ts';
import { reasonOf } from './failure-reason.ts';
import { Notes } from './many-notes.ts';

type ManyArgs = Extract<CheckArgs, { readonly many: ManyTargets }>;

/** Resolves to the exit code. After Ctrl-C what is there is printed. @param checks in the order of the report */
export function runChecksOnMany(args: ManyArgs, checks: readonly string[]): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const list = await withProgress((progress) => listOf(args, checks, signal, progress));
      const isEmpty = list.items.length === 0;
      if (!signal.aborted || !isEmpty) await printReport(list, args.report);
      if (signal.aborted) throw signal.reason;
      return exitCodeOf(list, args.report.failOn);
    }),
  );
}

/** @throws {UserError} exit 2 or 3 when there is no target at all, or too many */
async function listOf(
  { many, report: { save }, ...options }: ManyArgs,
  checks: readonly string[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<ReportList> {
  if (save !== undefined) await checkWritable(save);
  const head = { tool: { version }, startedAt: new Date().toISOString() };
  const began = performance.now();
  const { targets, shared } = await chosenTargets(many, options, signal, progress);
  const file = save === undefined ? undefined : await BundleListFile.begin(save, head);
  try {
    const gathered = await gather({ targets, checks, options, many, shared, file }, signal, progress);
    const durationMs = Math.round(performance.now() - began);
    await file?.finish({ failed: gathered.failed, durationMs });
    return reportList({ ...head, durationMs, ...gathered });
  } finally {
    await file?.close();
  }
}

interface Gathering {
  readonly targets: readonly ListedTarget[];
  readonly checks: readonly string[];
  readonly options: RunOptions;
  readonly many: ManyTargets;
  readonly shared: Sharing;
  readonly file: BundleListFile | undefined;
}

/** Both in the order of the targets. */
async function gather(
  { targets, checks, options, many, shared, file }: Gathering,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<{ readonly items: readonly Report[]; readonly failed: readonly FailedTarget[] }> {
  const reports = new Map<number, Report>();
  const failures = new Map<number, FailedTarget>();
  const notes = new Notes(progress);
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
        await file?.add(place, event.bundle);
        break;
      case 'report':
        reports.set(place, event.report);
        if (event.report.verdict !== 'pass') progress.line(targetLine(event.report));
        break;
      case 'failed': {
        const failed = failedTarget(target, event.error);
        failures.set(place, failed);
        if (!(event.error instanceof InterruptedError)) progress.line(`? ${failed.target}: ${failed.reason}`);
        break;
      }
    }
  }
  notes.end();
  return { items: inOrder(reports), failed: inOrder(failures) };
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

function inOrder<T>(all: ReadonlyMap<number, T>): T[] {
  return [...all].sort(([a], [b]) => a - b).map(([, one]) => one);
}
