import { checkWritable, writeBundle } from '../console/bundle-file.ts';
import { interruptible } from '../console/interrupt.ts';
import { liveViewOn } from '../console/live-view.ts';
import { exitCodeOf, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { type Reported, unsavedBy } from '../console/unsaved.ts';
import type { CheckArgs, TargetSpec } from '../model/args.ts';
import type { UserError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import { withUserErrors } from '../open/failures.ts';
import { findTarget } from '../open/target.ts';
import { run } from '../run/engine.ts';
import { afterPush } from './push-report.ts';

type OneTarget = Extract<CheckArgs, { readonly target: TargetSpec }>;

/** Resolves to the exit code. @param checks in the order in which they are to be reported */
export async function runChecks(args: CheckArgs, checks: readonly string[]): Promise<number> {
  keepHeapSmall();
  if ('many' in args) return (await import('./check-many.ts')).runChecksOnMany(args, checks);
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { report, unsaved } = await withProgress((progress) => reportOf(args, checks, signal, progress));
      await printReport(report, args.report);
      const code = await afterPush(report, args.report, exitCodeOf(report, args.report.failOn));
      if (unsaved !== undefined) throw unsaved;
      return code;
    }),
  );
}

/** @throws {UserError} exit 2 or 3 when there is nothing to report */
async function reportOf(
  { target, report: { save }, ...options }: OneTarget,
  checks: readonly string[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Reported<Report>> {
  if (save !== undefined) await checkWritable(save);
  const request = { targets: [{ spec: target }], checks, options, limits: { targetsAtOnce: 1 } };
  const live = liveViewOn(progress);
  let report: Report | undefined;
  let unsaved: UserError | undefined;
  for await (const event of run(
    request,
    {
      find: ({ spec }, ending) => findTarget({ ...options, target: spec }, ending),
      ...(live === undefined ? {} : { live }),
    },
    signal,
  )) {
    switch (event.type) {
      case 'stage':
        progress.show(event.text);
        break;
      case 'note':
        (live ?? progress).note(event.text);
        break;
      case 'gathered':
        if (save !== undefined) unsaved = await unsavedBy(() => writeBundle(save, event.bundle));
        break;
      case 'report':
        ({ report } = event);
        break;
      case 'failed':
        throw event.error;
    }
  }
  if (report === undefined) throw new Error('the run ended without a report');
  return { report, unsaved };
}
