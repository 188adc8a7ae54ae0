/** The report for people: the verdict, the measurements, then each finding with its proof and its remedy. */
import type { CheckResult, Finding, Report, Severity } from '../model/report.ts';
import { latencyTable } from './latency-table.ts';
import { type Palette, palette, visible, wrap } from './text.ts';

/** How wide and how colourful. */
export interface TableOptions {
  readonly colour: boolean;
  /** Columns of the terminal; texts are wrapped to it, tables are not. */
  readonly width: number;
}

/** Ends with a newline. */
export function renderTable(report: Report, options: TableOptions): string {
  const paint = palette(options.colour);
  const { target } = report;
  const where = [target.address, target.node === '' ? '' : `on ${target.node}`]
    .filter((w) => w !== '')
    .join(' ');
  const head = `${target.kind}/${visible(target.name)} in ${visible(target.namespace)} (${visible(where)})`;
  const blocks = report.checks.map((check) => renderCheck(check, paint, options.width));
  return `${[head, ...blocks, verdictLine(report, paint)].join('\n\n')}\n`;
}

function renderCheck(check: CheckResult, paint: Palette, width: number): string {
  const lines = [`${statusMark(check.status, paint)} ${paint.bold(check.id)}  ${visible(check.summary)}`];
  const table = check.id === 'latency' ? latencyTable(check, paint) : undefined;
  if (table !== undefined) lines.push('', table);
  for (const finding of check.findings) lines.push('', renderFinding(finding, paint, width));
  return lines.join('\n');
}

function renderFinding(finding: Finding, paint: Palette, width: number): string {
  const colour = severityColour(finding.severity, paint);
  const indent = '  ';
  const text = (content: string): string[] =>
    wrap(visible(content), Math.max(40, width - indent.length)).map((line) => indent + line);
  const lines = [
    `${colour(`${finding.severity} ${finding.id}`)}  ${paint.bold(visible(finding.title))}`,
    ...text(finding.summary),
  ];
  for (const { command, excerpt } of finding.evidence) {
    lines.push(`${indent}${paint.dim(`$ ${visible(command.join(' '))}`)}`);
    lines.push(
      ...visible(excerpt)
        .split('\n')
        .map((line) => `${indent}${paint.dim(`  ${line}`)}`),
    );
  }
  lines.push(
    ...wrap(visible(`→ ${finding.remediation}`), Math.max(40, width - indent.length)).map(
      (line, i) => `${indent}${i === 0 ? paint.cyan(line) : `  ${paint.cyan(line)}`}`,
    ),
  );
  return lines.join('\n');
}

function verdictLine(report: Report, paint: Palette): string {
  const all = report.checks.flatMap((c) => c.findings);
  const count = (severity: Severity): string | undefined => {
    const n = all.filter((f) => f.severity === severity).length;
    return n === 0 ? undefined : `${n} ${severity}`;
  };
  const counts = [count('critical'), count('warning'), count('info')]
    .filter((c) => c !== undefined)
    .join(', ');
  const colour = { pass: paint.green, warn: paint.yellow, fail: paint.red, unknown: paint.yellow }[
    report.verdict
  ];
  const seconds = (report.durationMs / 1000).toFixed(1);
  return `verdict: ${colour(report.verdict)}${counts === '' ? '' : ` (${counts})`}, ${seconds} s`;
}

function statusMark(status: CheckResult['status'], paint: Palette): string {
  switch (status) {
    case 'pass':
      return paint.green('√');
    case 'warn':
      return paint.yellow('‼');
    case 'fail':
      return paint.red('×');
    case 'skip':
      return paint.dim('-');
    case 'error':
      return paint.yellow('?');
  }
}

function severityColour(severity: Severity, paint: Palette): (text: string) => string {
  return { critical: paint.red, warning: paint.yellow, info: paint.dim }[severity];
}
