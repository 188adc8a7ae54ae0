/** Expectations for people: a line for each, then the diagnosis of what is not as expected, each finding once. */
import { commandLine } from '../model/command-line.ts';
import type { NetworkTestReport, TestOutcome, TestResult } from '../model/network-test.ts';
import type { Finding } from '../model/report.ts';
import { followsLabel, hanging, renderFinding } from './table.ts';
import { countsText, placeText, summaryText, titleText } from './test-words.ts';
import { type Palette, palette, visible } from './text.ts';

/** Ends with a newline. */
export function renderTestTable(
  report: NetworkTestReport,
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  const paint = palette(colour);
  const told = new Set<string>();
  const blocks = report.results.map((result) => block(result, told, paint, width));
  const verdict = { pass: paint.green, fail: paint.red, unknown: paint.yellow }[report.verdict];
  const seconds = (report.durationMs / 1000).toFixed(1);
  const end = `verdict: ${verdict(report.verdict)} (${countsText(report)}), ${seconds} s`;
  return `${[blocks.join('\n'), end].join('\n\n')}\n`;
}

function block(result: TestResult, told: Set<string>, paint: Palette, width: number): string {
  const line = hanging(
    {
      painted: `${mark(result.outcome, paint)} ${paint.bold(visible(titleText(result)))}:`,
      width: titleText(result).length + 3,
    },
    visible(summaryOnce(result, told)),
    width,
    ' ',
  );
  if (result.outcome === 'met') return line;
  // What follows from another finding is told in a line: its proof and its remedy are those of the cause.
  const followers = result.findings.filter(({ causedBy }) => causedBy !== undefined);
  const follows = followers
    .filter(({ id }, i) => followers.findIndex((other) => other.id === id) === i)
    .map((one) => hanging(followsLabel(one, paint, '    '), visible(one.title), width, ' ', '      '));
  const causes = result.findings
    .filter(({ causedBy }) => causedBy === undefined)
    .map((finding) => {
      const key = JSON.stringify([result.from, finding.id, finding.subject ?? null]);
      if (told.has(key)) return `  ${finding.id}: as above`;
      told.add(key);
      return indented(renderFinding(finding, paint, width - 2));
    });
  return [line, `  ${paint.dim(visible(placeText(result)))}`, ...causes, ...follows].join('\n');
}

/** That a source cannot be entered, or the API not be reached, is the same for all that is expected from it: it is told once. */
function summaryOnce(result: TestResult, told: Set<string>): string {
  const text = summaryText(result);
  if (result.outcome !== 'unknown' || result.assertions.length > 0) return text;
  const key = JSON.stringify(['unmeasured', text]);
  if (told.has(key)) return 'not measured: as above.';
  told.add(key);
  return text;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function mark(outcome: TestOutcome, paint: Palette): string {
  switch (outcome) {
    case 'met':
      return paint.green('√');
    case 'failed':
      return paint.red('×');
    case 'notProven':
    case 'unknown':
      return paint.yellow('?');
  }
}

/** A finding without paint, for formats that have none. */
export function findingText(finding: Finding): string {
  return [
    `${finding.severity} ${finding.id}: ${finding.title}`,
    finding.summary,
    ...finding.evidence.flatMap(({ command, excerpt }) => [`$ ${commandLine(command)}`, excerpt]),
    `Remedy: ${finding.remediation}`,
    ...(finding.causedBy === undefined ? [] : [`Caused by: ${finding.causedBy}`]),
  ].join('\n');
}
