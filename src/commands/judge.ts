import { readBundle } from '../app/bundle-file.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { judge } from '../checks/report.ts';
import type { JudgeArgs } from '../model/args.ts';
import type { Bundle } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';

/** Resolves to the exit code. */
export async function run(args: JudgeArgs): Promise<number> {
  const report = judged(await readBundle(args.bundle), args.bundle);
  await printReport(report, args.report);
  return exitCodeOf(report, args.report.failOn);
}

/** @throws {UserError} exit 3: a check's input or evidence is not what this version's check saves */
function judged(bundle: Bundle, file: string): Report {
  try {
    return judge(bundle);
  } catch (error) {
    throw new UserError(`${file} cannot be judged: it is damaged, or another version saved it.`, 3, {
      cause: error,
    });
  }
}
