import { matrixReport } from '../checks/matrix/whole.ts';
import { judge } from '../checks/report.ts';
import { readSavedRun } from '../console/bundle-file.ts';
import { exitCodeOf, print, reportText } from '../console/print-report.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { exitCodeOfWatch, textOfWatch } from '../console/watch-text.ts';
import type { JudgeArgs } from '../model/args.ts';
import type { Bundle, BundleList } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { ReportList } from '../model/report-list.ts';
import type { Watch } from '../model/watch.ts';
import { reportList } from '../report/report-list.ts';
import { judgedAgain } from '../timeline/again.ts';

/** Resolves to the exit code. */
export async function run(args: JudgeArgs): Promise<number> {
  keepHeapSmall();
  const { text, code } = await judged(await readSavedRun(args.bundle), args);
  await print(text);
  return code;
}

/** @throws {UserError} exit 3: a check's input or evidence is not what this version's check saves */
async function judged(
  saved: Bundle | BundleList | Watch,
  args: JudgeArgs,
): Promise<{ readonly text: string; readonly code: number }> {
  const { bundle: file, report: flags, failOnOutage } = args;
  try {
    if (saved.kind === 'Watch') {
      const watch = judgedAgain(saved);
      const text = await textOfWatch(watch, flags.output, failOnOutage);
      return { text, code: exitCodeOfWatch(watch, failOnOutage) };
    }
    const report = saved.kind === 'Bundle' ? judge(saved) : listOf(saved);
    // What a damaged input has put into the report may come out in its tables only.
    return { text: await reportText(report, flags), code: exitCodeOf(report, flags.failOn) };
  } catch (error) {
    throw new UserError(`${file} cannot be judged: it is damaged, or another version saved it.`, 3, {
      cause: error,
    });
  }
}

/** The bundles are in the order in which their targets ended. */
export function listOf(list: BundleList): ReportList | MatrixReport {
  const { matrix } = list;
  const items = [...list.items]
    .sort((a, b) => a.place - b.place)
    .map(({ place, bundle }) => ({ place, report: judge(bundle) }));
  if (matrix === undefined) return reportList({ ...list, items: items.map(({ report }) => report) });
  const choice = list.items.find(({ bundle }) => bundle.connection !== undefined)?.bundle.connection;
  return matrixReport({ ...list, matrix, items, ...(choice === undefined ? {} : { choice }) });
}
