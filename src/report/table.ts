/** The report for people: the cause first, then what was measured, then each finding with its proof and its remedy. */
import { commandLine } from '../model/command-line.ts';
import { byLead } from '../model/lead.ts';
import type { CheckResult, Finding, Report, Verdict } from '../model/report.ts';
import type { Table } from '../model/table.ts';
import { type Alike, alike, othersText } from './alike.ts';
import { tableText } from './tables.ts';
import { targetPlace, targetTitle } from './target.ts';
import { type Palette, palette, visible, wrap } from './text.ts';

/** How wide and how colourful, and what to show of each check. */
export interface TableOptions {
  readonly colour: boolean;
  /** Columns of the terminal; texts are wrapped to it, tables are not. */
  readonly width: number;
  /** The tables of what a check measured. Only the checks can tell, and reporters know no check. */
  readonly tablesOf: (check: CheckResult) => readonly Table[];
}

const INDENT = '  ';

/** Ends with a newline. */
export function renderTable(report: Report, options: TableOptions): string {
  const paint = palette(options.colour);
  const blocks =
    report.checks.length === 1 ? oneCheck(report, paint, options) : severalChecks(report, paint, options);
  return `${[headLine(report), ...blocks, verdictLine(report, paint)].join('\n\n')}\n`;
}

function headLine({ target }: Report): string {
  const place = targetPlace(target);
  return visible(place === '' ? targetTitle(target) : `${targetTitle(target)} (${place})`);
}

/** A single check shows all that it measured. */
function oneCheck(report: Report, paint: Palette, { width, tablesOf }: TableOptions): string[] {
  return report.checks.flatMap((check) => [
    statusLine(check, paint, width),
    ...tablesOf(check).map((table) => tableText(table, paint)),
    ...alike(check.findings).map((group) =>
      withOthers(renderFinding(group.first, paint, width), group, width),
    ),
  ]);
}

/** Several checks tell one story: the root causes, each with what follows from it, after a line for each check. */
function severalChecks(report: Report, paint: Palette, { width, tablesOf }: TableOptions): string[] {
  const all = report.checks.flatMap((check) => check.findings);
  const bad = all.filter((f) => f.severity !== 'info');
  const roots = bad.filter((f) => f.causedBy === undefined).sort(byLead);
  const root = roots[0];
  // A check that was left out says why on its own line already.
  const notes = report.checks
    .filter((check) => check.status !== 'skip')
    .flatMap((check) => check.findings.filter((f) => f.severity === 'info'));
  const unmeasured = report.checks.filter((check) => check.status === 'error').map((check) => check.id);
  const allClear =
    unmeasured.length === 0
      ? paint.green('No problems found by these checks.')
      : paint.yellow(`No problems found in what could be measured; ${unmeasured.join(', ')} could not be.`);
  return [
    root === undefined
      ? allClear
      : hanging({ width: 'cause:'.length, painted: paint.bold('cause:') }, visible(root.summary), width, ' '),
    report.checks.map((check) => storyLine(check, paint, width)).join('\n'),
    // All other tables are for those who ask for one check.
    ...report.checks
      .flatMap(tablesOf)
      .filter(({ alwaysShown }) => alwaysShown)
      .map((table) => tableText(table, paint)),
    ...alike(roots, (finding) => followersOf(finding, bad)).map((group) => {
      const { first } = group;
      const block = [renderFinding(first, paint, width), ...followsLines(first, bad, paint, width, INDENT)];
      return withOthers(block.join('\n'), group, width);
    }),
    ...alike(notes).map((group) =>
      withOthers(
        hanging(severityLabel(group.first, paint), visible(group.first.summary), width),
        group,
        width,
      ),
    ),
  ];
}

/** A finding as it is told, and how many more there are like it. */
function withOthers(block: string, { others }: Alike, width: number): string {
  const text = othersText(others);
  if (text === '') return block;
  const lines = wrap(visible(text), Math.max(40, width - INDENT.length)).map((line) => INDENT + line);
  return [block, ...lines].join('\n');
}

/** All that is told below a finding. */
function followersOf(cause: Finding, all: readonly Finding[]): Finding[] {
  const own = all.filter((finding) => causeOf(finding, all) === cause);
  return own.flatMap((finding) => [finding, ...followersOf(finding, all)]);
}

/** What follows from a finding, and what follows from that: each finding is shown once. */
function followsLines(
  cause: Finding,
  all: readonly Finding[],
  paint: Palette,
  width: number,
  indent: string,
): string[] {
  const own = all.filter((finding) => causeOf(finding, all) === cause);
  return alike(own, (finding) => followersOf(finding, all)).flatMap(({ first: finding, others }) => [
    hanging(
      followsLabel(finding, paint, indent),
      visible(`${finding.summary}${others.length === 0 ? '' : ` (${othersText(others)})`}`),
      width,
      INDENT,
      `${indent}${INDENT}`,
    ),
    ...followsLines(finding, all, paint, width, `${indent}${INDENT}`),
  ]);
}

/** Of several findings with the ID that explains this one, that about the same destination, else the first. */
function causeOf(finding: Finding, all: readonly Finding[]): Finding | undefined {
  const causes = all.filter((f) => f.id === finding.causedBy);
  return causes.find((f) => f.subject === finding.subject) ?? causes[0];
}

/** Words as they are painted, and how wide they are. */
export interface Label {
  readonly painted: string;
  readonly width: number;
}

/** What stands before a finding that another one explains. */
export function followsLabel(
  finding: Pick<Finding, 'id' | 'severity'>,
  paint: Palette,
  indent: string,
): Label {
  const words = '└ follows from it:';
  const severity = severityLabel(finding, paint);
  return {
    painted: `${indent}${paint.dim(words)} ${severity.painted}`,
    width: indent.length + words.length + 1 + severity.width,
  };
}

/** A label and a text, whose further lines are indented. */
export function hanging(label: Label, text: string, width: number, gap = INDENT, indent = INDENT): string {
  const room = Math.max(40, width - indent.length);
  const [first = '', ...rest] = wrap(text, room, label.width + gap.length - indent.length);
  return [`${label.painted}${gap}${first}`, ...rest.map((line) => indent + line)].join('\n');
}

function statusLine(check: CheckResult, paint: Palette, width: number, text = check.summary): string {
  const label = {
    painted: `${statusMark(check.status, paint)} ${paint.bold(check.id)}`,
    width: 2 + check.id.length,
  };
  return hanging(label, visible(text), width);
}

/** What is wrong is explained below; here it is only named. */
function storyLine(check: CheckResult, paint: Palette, width: number): string {
  const bad = check.findings.filter((finding) => finding.severity !== 'info');
  if (bad.length === 0) return statusLine(check, paint, width);
  const names = [
    ...new Set(
      bad.map(({ id, title, causedBy }) => `${title} (${id}${causedBy ? `, follows from ${causedBy}` : ''})`),
    ),
  ];
  return statusLine(check, paint, width, names.join('; '));
}

/** A finding with its proof and its remedy. */
export function renderFinding(finding: Finding, paint: Palette, width: number): string {
  const room = Math.max(40, width - INDENT.length);
  const text = (content: string): string[] => wrap(visible(content), room).map((line) => INDENT + line);
  const proof = finding.evidence.flatMap(({ command, excerpt }) => [
    `${INDENT}${paint.dim(`$ ${visible(commandLine(command))}`)}`,
    ...visible(excerpt)
      .split('\n')
      .map((line) => `${INDENT}${INDENT}${paint.dim(line)}`),
  ]);
  const [words = '', ...commands] = visible(finding.remediation).split('\n');
  const remedy = [
    ...wrap(`→ ${words}`, room - INDENT.length),
    // A command that is broken into lines cannot be pasted.
    ...commands,
  ].map((line, i) => `${INDENT}${i === 0 ? '' : INDENT}${paint.cyan(line)}`);
  return [
    `${severityLabel(finding, paint).painted}  ${paint.bold(visible(finding.title))}`,
    ...text(finding.summary),
    ...proof,
    ...remedy,
  ].join('\n');
}

/** A verdict in its colour. */
export function paintedVerdict(verdict: Verdict, paint: Palette): string {
  return { pass: paint.green, warn: paint.yellow, fail: paint.red, unknown: paint.yellow }[verdict](verdict);
}

function verdictLine(report: Report, paint: Palette): string {
  const all = report.checks.flatMap((c) => c.findings);
  const counts = (['critical', 'warning', 'info'] as const)
    .map((severity) => ({ severity, n: all.filter((f) => f.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}${severity === 'info' ? unshownText(report) : ''}`)
    .join(', ');
  const seconds = (report.durationMs / 1000).toFixed(1);
  const verdict = `verdict: ${paintedVerdict(report.verdict, paint)}${counts === '' ? '' : ` (${counts})`}, ${seconds} s`;
  const cost = costText(report);
  return cost === '' ? verdict : `${verdict}\n${paint.dim(`cost: ${cost}`)}`;
}

/** How to see the infos that are counted and not shown: of several checks, those that were left out say why in one line. */
function unshownText({ checks }: Report): string {
  if (checks.length === 1) return '';
  const unshown = checks
    .filter(({ status }) => status === 'skip')
    .flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'info'));
  return unshown.length === 0 ? '' : `, ${unshown.length} of them only in -o json`;
}

/** What the run took of its target; empty where nothing of it is known. */
function costText({ cost }: Report): string {
  const { memoryPeakBytes, processesPeak, cpuSeconds } = cost ?? {};
  return [
    memoryPeakBytes === undefined
      ? ''
      : `${(memoryPeakBytes / 2 ** 20).toFixed(1)} MiB of memory at the peak`,
    processesPeak === undefined ? '' : `${processesPeak} processes`,
    cpuSeconds === undefined ? '' : `${cpuSeconds.toFixed(2)} s of CPU`,
  ]
    .filter((part) => part !== '')
    .join(', ');
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

function severityLabel(finding: Pick<Finding, 'id' | 'severity'>, paint: Palette): Label {
  const colour = { critical: paint.red, warning: paint.yellow, info: paint.dim }[finding.severity];
  const words = `${finding.severity} ${finding.id}`;
  return { painted: colour(words), width: words.length };
}
