import { readBundle } from '../app/bundle-file.ts';
import { exitCodeOf, print, reportText } from '../app/print-report.ts';
import { keepHeapSmall } from '../app/small-heap.ts';
import { judge } from '../checks/report.ts';
import type { JudgeArgs } from '../model/args.ts';
import type { Bundle } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';

/** Resolves to the exit code. */
export async function run(args: JudgeArgs): Promise<number> {
  keepHeapSmall();
  const bundle = await readBundle(args.bundle);
  const { report, text } = judged(bundle, args);
  await print(text);
  return exitCodeOf(report, args.report.failOn);
}

/** @throws {UserError} exit 3: a check's input or evidence is not what this version's check saves */
function judged(bundle: Bundle, args: JudgeArgs): { readonly report: Report; readonly text: string } {
  try {
    const report = judge(bundle);
    // What a damaged input has put into the report may come out in its tables only.
    return { report, text: reportText(report, args.report) };
  } catch (error) {
    throw new UserError(`${args.bundle} cannot be judged: it is damaged, or another version saved it.`, 3, {
      cause: error,
    });
  }
}
