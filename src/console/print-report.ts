/** The report on stdout, and the exit code that scripts depend on. */
import { measuresOf, waysOf } from '../checks/measures.ts';
import { tablesOf } from '../checks/tables.ts';
import type { FailOn, ReportFlags } from '../model/args.ts';
import type { MatrixReport } from '../model/matrix.ts';
import { atLeast, type Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { render, renderDocument, renderList, renderMatrix } from '../report/render.ts';

/** Whatever a run ends with. */
export type AnyReport = Report | ReportList | MatrixReport;

/** Resolves when stdout has taken it. */
export async function printReport(report: AnyReport, flags: ReportFlags): Promise<void> {
  await print(await reportText(report, flags));
}

/** The report as stdout is to have it. */
export async function reportText(report: AnyReport, flags: ReportFlags): Promise<string> {
  const { output } = flags;
  if (output === 'html' || output === 'openmetrics')
    return (await import('./late-formats.ts')).lateText(report, output, { tablesOf, measuresOf, waysOf });
  const { stdout, env } = process;
  const colour = stdout.isTTY === true && !env['NO_COLOR'];
  const width = stdout.columns ?? 100;
  const options = { colour, width, failOn: flags.failOn, tablesOf };
  switch (report.kind) {
    case 'Report':
      return render(report, output, options);
    case 'ReportList':
      return renderList(report, output, options);
    case 'MatrixReport':
      return renderMatrix(report, output, options);
  }
}

/** 1: a finding at or above the threshold; 3: something could not be measured; else 0. Of many, the worst in this order. */
export function exitCodeOf(report: AnyReport, failOn: FailOn): number {
  if (report.kind === 'ReportList') {
    const codes = report.items.map((one) => exitCodeOf(one, failOn));
    if (codes.includes(1)) return 1;
    return codes.includes(3) || report.verdict === 'unknown' || report.failed.length > 0 ? 3 : 0;
  }
  if (report.kind === 'MatrixReport') {
    if (report.findings.some(({ severity }) => atLeast(severity, failOn))) return 1;
    const isWhole = report.sources.every(({ failed }) => failed === undefined);
    return isWhole && report.verdict !== 'unknown' ? 0 : 3;
  }
  if (report.checks.some((check) => check.findings.some((f) => atLeast(f.severity, failOn)))) return 1;
  return report.verdict === 'unknown' ? 3 : 0;
}

/** Any other object, as JSON or YAML. */
export async function printDocument(document: object, format: 'json' | 'yaml'): Promise<void> {
  await print(renderDocument(document, format));
}

/** Puts a text on stdout; resolves when that has taken it. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
