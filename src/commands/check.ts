import { checkReport } from '../app/check-report.ts';
import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { withProgress } from '../app/progress.ts';
import { type CheckId, DIAGNOSIS } from '../checks/registry.ts';
import type { CheckArgs } from '../model/args.ts';

/** Each resolves to the exit code. */
export const diagnose = (args: CheckArgs): Promise<number> => run(args, DIAGNOSIS);
export const latency = (args: CheckArgs): Promise<number> => run(args, ['latency']);

function run(args: CheckArgs, checks: readonly CheckId[]): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const report = await withProgress((progress) => checkReport(args, checks, signal, progress));
      await printReport(report, args.report);
      return exitCodeOf(report, args.report.failOn);
    }),
  );
}
