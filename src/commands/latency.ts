import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { latencyReport } from '../app/latency.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { withProgress } from '../app/progress.ts';
import type { LatencyArgs } from '../model/args.ts';

/** Resolves to the exit code. */
export function run(args: LatencyArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const report = await withProgress((progress) => latencyReport(args, signal, progress));
      await printReport(report, args.report);
      return exitCodeOf(report, args.report.failOn);
    }),
  );
}
