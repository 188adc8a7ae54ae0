import { matrixReport } from '../checks/matrix/whole.ts';
import { judge } from '../checks/report.ts';
import { readBundle } from '../console/bundle-file.ts';
import { type AnyReport, exitCodeOf, print, reportText } from '../console/print-report.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import type { JudgeArgs } from '../model/args.ts';
import type { Bundle, BundleList } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { ReportList } from '../model/report-list.ts';
import { reportList } from '../report/report-list.ts';

/** Resolves to the exit code. */
export async function run(args: JudgeArgs): Promise<number> {
  keepHeapSmall();
  const bundle = await readBundle(args.bundle);
  const { report, text } = await judged(bundle, args);
  await print(text);
  return exitCodeOf(report, args.report.failOn);
}

/** @throws {UserError} exit 3: a check's input or evidence is not what this version's check saves */
async function judged(
  bundle: Bundle | BundleList,
  args: JudgeArgs,
): Promise<{ readonly report: AnyReport; readonly text: string }> {
  try {
    const report = bundle.kind === 'Bundle' ? judge(bundle) : listOf(bundle);
    // What a damaged input has put into the report may come out in its tables only.
    return { report, text: await reportText(report, args.report) };
  } catch (error) {
    throw new UserError(`${args.bundle} cannot be judged: it is damaged, or another version saved it.`, 3, {
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
