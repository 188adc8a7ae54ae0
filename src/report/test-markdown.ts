/** Expectations as Markdown, for a ticket or a pull request. */
import type { NetworkTestReport, TestResult } from '../model/network-test.ts';
import { plain, section } from './markdown.ts';
import { countsText, OUTCOMES, placeText, summaryText, wayText } from './test-words.ts';

/** Ends with a newline. */
export function renderTestMarkdown(report: NetworkTestReport): string {
  const { results, verdict, startedAt, durationMs, tool } = report;
  return [
    `## Network tests: ${verdict}`,
    '',
    plain(
      `${countsText(report)}; ${startedAt}, ${(durationMs / 1000).toFixed(1)} s, kubectl-nettools ${tool.version}`,
    ),
    '',
    '| Test | From and to | Outcome | Summary |',
    '| --- | --- | --- | --- |',
    ...results.map(
      (one) =>
        `| ${plain(one.name)} | ${plain(wayText(one))} | ${OUTCOMES[one.outcome]} | ${plain(summaryText(one))} |`,
    ),
    ...results.flatMap(diagnosis),
    '',
  ].join('\n');
}

function diagnosis(result: TestResult): string[] {
  if (result.outcome === 'met' || result.findings.length === 0) return [];
  const title = `### ${plain(result.name)}: ${OUTCOMES[result.outcome]} (${plain(placeText(result))})`;
  return ['', title, ...result.findings.flatMap((finding) => ['', ...section(finding, '####')])];
}
