import { checkReport } from '../app/check-report.ts';
import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { withProgress } from '../app/progress.ts';
import type { CheckArgs } from '../model/args.ts';

/** Resolves to the exit code. @param checks in the order in which they are to be reported */
export function runChecks(args: CheckArgs, checks: readonly string[]): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const report = await withProgress((progress) => checkReport(args, checks, signal, progress));
      await printReport(report, args.report);
      return exitCodeOf(report, args.report.failOn);
    }),
  );
}
