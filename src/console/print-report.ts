/** The report on stdout, and the exit code that scripts depend on. */
import { tablesOf } from '../checks/tables.ts';
import type { FailOn, ReportFlags } from '../model/args.ts';
import { atLeast, type Report } from '../model/report.ts';
import { render, renderDocument } from '../report/render.ts';

/** Resolves when stdout has taken it. */
export async function printReport(report: Report, flags: ReportFlags): Promise<void> {
  await print(reportText(report, flags));
}

/** The report as stdout is to have it. */
export function reportText(report: Report, flags: ReportFlags): string {
  const { stdout, env } = process;
  const colour = stdout.isTTY === true && !env['NO_COLOR'];
  const width = stdout.columns ?? 100;
  return render(report, flags.output, { colour, width, failOn: flags.failOn, tablesOf });
}

/** 1: a finding at or above the threshold; 3: something could not be measured; else 0. */
export function exitCodeOf(report: Report, failOn: FailOn): number {
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
