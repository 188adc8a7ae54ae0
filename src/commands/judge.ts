import { readBundle } from '../app/bundle-file.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { judge } from '../checks/report.ts';
import type { JudgeArgs } from '../model/args.ts';

/** Resolves to the exit code. */
export async function run(args: JudgeArgs): Promise<number> {
  const report = judge(await readBundle(args.bundle));
  await printReport(report, args.report);
  return exitCodeOf(report, args.report.failOn);
}
