/** The report on stdout, and the exit code that scripts depend on. */
import { tablesOf } from '../checks/tables.ts';
import type { FailOn, ReportFlags } from '../model/args.ts';
import { atLeast, type Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { render, renderDocument, renderList } from '../report/render.ts';

/** Resolves when stdout has taken it. */
export async function printReport(report: Report | ReportList, flags: ReportFlags): Promise<void> {
  await print(reportText(report, flags));
}

/** The report, or the list of them, as stdout is to have it. */
export function reportText(report: Report | ReportList, flags: ReportFlags): string {
  const { stdout, env } = process;
  const colour = stdout.isTTY === true && !env['NO_COLOR'];
  const width = stdout.columns ?? 100;
  const options = { colour, width, failOn: flags.failOn, tablesOf };
  return report.kind === 'Report'
    ? render(report, flags.output, options)
    : renderList(report, flags.output, options);
}

/** 1: a finding at or above the threshold; 3: something could not be measured; else 0. Of many, the worst in this order. */
export function exitCodeOf(report: Report | ReportList, failOn: FailOn): number {
  if (report.kind === 'ReportList') {
    const codes = report.items.map((one) => exitCodeOf(one, failOn));
    if (codes.includes(1)) return 1;
    return codes.includes(3) || report.verdict === 'unknown' || report.failed.length > 0 ? 3 : 0;
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
