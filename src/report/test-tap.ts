/**
 * Expectations as TAP, version 13, which `prove` and the parsers of CI systems read (https://testanything.org): a line for
 * each, and a YAML block below what is not met. What was not measured is "not ok": TAP has no word for it.
 */
import type { NetworkTestReport, TestResult } from '../model/network-test.ts';
import { findingText } from './test-table.ts';
import { countsText, OUTCOMES, placeText, summaryText, titleText } from './test-words.ts';
import { visible } from './text.ts';

/** Ends with a newline. */
export function renderTap(report: NetworkTestReport): string {
  const { results } = report;
  return [
    'TAP version 13',
    `1..${results.length}`,
    ...results.flatMap((result, i) => point(result, i + 1)),
    `# ${oneLine(countsText(report))}`,
    '',
  ].join('\n');
}

function point(result: TestResult, number: number): string[] {
  const isMet = result.outcome === 'met';
  const line = `${isMet ? 'ok' : 'not ok'} ${number} - ${description(titleText(result))}`;
  if (isMet) return [line];
  // Quoted on one line: perl's parser reads a small part of YAML alone (TAP::Parser::YAMLish::Reader).
  const entries = {
    outcome: OUTCOMES[result.outcome],
    message: shown(summaryText(result)),
    at: shown(placeText(result)),
  };
  return [
    line,
    '  ---',
    ...Object.entries(entries).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
    ...(result.findings.length === 0 ? [] : ['  diagnosis:']),
    ...result.findings.map((one) => `    - ${JSON.stringify(shown(findingText(one)))}`),
    '  ...',
  ];
}

/** A "#" begins a directive (SKIP, TODO), with which a failure would count as none. */
function description(text: string): string {
  return oneLine(text).replace(/\\/g, '\\\\').replace(/#/g, '\\#');
}

function oneLine(text: string): string {
  return shown(text).replace(/\s+/g, ' ');
}

/** Half of a surrogate pair is not a character. */
function shown(text: string): string {
  return visible(text).replace(/\p{Surrogate}/gu, '\ufffd');
}
