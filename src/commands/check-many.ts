/** The same checks on many targets: progress while they run, one list of reports in the end. */
import { checkWritable } from '../console/bundle-file.ts';
import { BundleListFile } from '../console/bundle-list-file.ts';
import { interruptible } from '../console/interrupt.ts';
import { exitCodeOf, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { interruptedWith, type Reported } from '../console/unsaved.ts';
import type { CheckArgs, ManyTargets } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { version } from '../model/version.ts';
import { withUserErrors } from '../open/failures.ts';
import { targetLine } from '../report/list-table.ts';
import { reportList } from '../report/report-list.ts';
import { chosenTargets } from './chosen-targets.ts';
import { gatherMany } from './gather-many.ts';
import { afterPush } from './push-report.ts';

type ManyArgs = Extract<CheckArgs, { readonly many: ManyTargets }>;

/** Resolves to the exit code. After Ctrl-C what is there is printed. @param checks in the order of the report */
export function runChecksOnMany(args: ManyArgs, checks: readonly string[]): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { report: list, unsaved } = await withProgress((progress) =>
        listOf(args, checks, signal, progress),
      );
      const isEmpty = list.items.length === 0;
      if (!signal.aborted || !isEmpty) await printReport(list, args.report);
      if (signal.aborted) throw interruptedWith(unsaved, signal);
      // A shard may have no target of its own; that there is none at all was said before.
      const isNothing = isEmpty && list.failed.length === 0;
      const code = isNothing ? 0 : await afterPush(list, args.report, exitCodeOf(list, args.report.failOn));
      if (unsaved !== undefined) throw unsaved;
      return code;
    }),
  );
}

/** @throws {UserError} exit 2 or 3 when there is no target at all, or too many */
async function listOf(
  { many, report: { save }, ...options }: ManyArgs,
  checks: readonly string[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Reported<ReportList>> {
  if (save !== undefined) await checkWritable(save);
  const head = { tool: { version }, startedAt: new Date().toISOString() };
  const began = performance.now();
  const { targets, shared } = await chosenTargets(many, options, signal, progress);
  const file = save === undefined ? undefined : await BundleListFile.begin(save, head);
  try {
    const { items, failed } = await gatherMany(
      { targets, checks, options, many, shared, file, lineOf: lineOfBad },
      signal,
      progress,
    );
    const durationMs = Math.round(performance.now() - began);
    await file?.finish({ failed, durationMs });
    const report = reportList({ ...head, durationMs, items: items.map((one) => one.report), failed });
    return { report, unsaved: file?.unsaved };
  } finally {
    await file?.close();
  }
}

function lineOfBad(report: Report): string | undefined {
  return report.verdict === 'pass' ? undefined : targetLine(report);
}
