/** The report for people: the cause first, then what was measured, then each finding with its proof and its remedy. */
import type { CheckResult, Finding, Report, Severity } from '../model/report.ts';
import { renderMeasurements } from './measurements.ts';
import { targetPlace, targetTitle } from './target.ts';
import { type Palette, palette, visible, wrap } from './text.ts';

/** How wide and how colourful. */
export interface TableOptions {
  readonly colour: boolean;
  /** Columns of the terminal; texts are wrapped to it, tables are not. */
  readonly width: number;
}

const INDENT = '  ';

/** Ends with a newline. */
export function renderTable(report: Report, options: TableOptions): string {
  const paint = palette(options.colour);
  const blocks =
    report.checks.length === 1
      ? oneCheck(report, paint, options.width)
      : severalChecks(report, paint, options.width);
  return `${[headLine(report), ...blocks, verdictLine(report, paint)].join('\n\n')}\n`;
}

function headLine({ target }: Report): string {
  const place = targetPlace(target);
  return visible(place === '' ? targetTitle(target) : `${targetTitle(target)} (${place})`);
}

/** A single check shows all that it measured. */
function oneCheck(report: Report, paint: Palette, width: number): string[] {
  return report.checks.flatMap((check) => {
    const table = renderMeasurements(check, paint);
    return [
      statusLine(check, paint),
      ...(table === undefined ? [] : [table]),
      ...check.findings.map((finding) => renderFinding(finding, paint, width)),
    ];
  });
}

/** Several checks tell one story: the root causes, each with what follows from it, after a line for each check. */
function severalChecks(report: Report, paint: Palette, width: number): string[] {
  const all = report.checks.flatMap((check) => check.findings);
  const bad = all.filter((f) => f.severity !== 'info');
  const roots = bad
    .filter((f) => f.causedBy === undefined)
    .sort((a, b) => order(a.severity) - order(b.severity));
  const root = roots[0];
  // A check that was left out says why on its own line already.
  const notes = report.checks
    .filter((check) => check.status !== 'skip')
    .flatMap((check) => check.findings.filter((f) => f.severity === 'info'));
  const unmeasured = report.checks.filter((check) => check.status === 'error').map((check) => check.id);
  const allClear =
    unmeasured.length === 0
      ? paint.green('Nothing is wrong that these checks can see.')
      : paint.yellow(`Nothing is wrong in what could be measured; ${unmeasured.join(', ')} could not be.`);
  return [
    root === undefined ? allClear : `${paint.bold('cause:')} ${visible(root.summary)}`,
    report.checks.map((check) => statusLine(check, paint)).join('\n'),
    // The way of a packet is what all of them stand on; the tables of the others are for those who ask for one check.
    ...report.checks.flatMap((check) =>
      check.id === 'path' ? (renderMeasurements(check, paint) ?? []) : [],
    ),
    ...roots.map((finding) =>
      [renderFinding(finding, paint, width), ...followsLines(finding, bad, paint, INDENT)].join('\n'),
    ),
    ...notes.map((finding) => `${severityLabel(finding, paint)}  ${visible(finding.summary)}`),
  ];
}

/** What follows from a finding, and what follows from that: each finding is shown once. */
function followsLines(cause: Finding, all: readonly Finding[], paint: Palette, indent: string): string[] {
  return all
    .filter((finding) => causeOf(finding, all) === cause)
    .flatMap((finding) => [
      `${indent}${paint.dim('└ follows from it:')} ${severityLabel(finding, paint)}  ${visible(finding.summary)}`,
      ...followsLines(finding, all, paint, `${indent}${INDENT}`),
    ]);
}

/** Of several findings with the ID that explains this one, that about the same destination, else the first. */
function causeOf(finding: Finding, all: readonly Finding[]): Finding | undefined {
  const causes = all.filter((f) => f.id === finding.causedBy);
  return causes.find((f) => f.subject === finding.subject) ?? causes[0];
}

function statusLine(check: CheckResult, paint: Palette): string {
  return `${statusMark(check.status, paint)} ${paint.bold(check.id)}  ${visible(check.summary)}`;
}

function renderFinding(finding: Finding, paint: Palette, width: number): string {
  const room = Math.max(40, width - INDENT.length);
  const text = (content: string): string[] => wrap(visible(content), room).map((line) => INDENT + line);
  const proof = finding.evidence.flatMap(({ command, excerpt }) => [
    `${INDENT}${paint.dim(`$ ${visible(command.join(' '))}`)}`,
    ...visible(excerpt)
      .split('\n')
      .map((line) => `${INDENT}${INDENT}${paint.dim(line)}`),
  ]);
  const remedy = wrap(visible(`→ ${finding.remediation}`), room - INDENT.length).map(
    (line, i) => `${INDENT}${i === 0 ? '' : INDENT}${paint.cyan(line)}`,
  );
  return [
    `${severityLabel(finding, paint)}  ${paint.bold(visible(finding.title))}`,
    ...text(finding.summary),
    ...proof,
    ...remedy,
  ].join('\n');
}

function verdictLine(report: Report, paint: Palette): string {
  const all = report.checks.flatMap((c) => c.findings);
  const counts = (['critical', 'warning', 'info'] as const)
    .map((severity) => ({ severity, n: all.filter((f) => f.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`)
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

function severityLabel(finding: Finding, paint: Palette): string {
  const colour = { critical: paint.red, warning: paint.yellow, info: paint.dim }[finding.severity];
  return colour(`${finding.severity} ${finding.id}`);
}

function order(severity: Severity): number {
  return { critical: 0, warning: 1, info: 2 }[severity];
}
