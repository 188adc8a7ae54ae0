/** The report as Markdown, for a ticket or a chat: GitHub's dialect, in which every remote word is escaped. */
import { commandLine } from '../model/command-line.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { CheckResult, Finding, Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { exampleOf, exampleText, findingIds, groupTitle, listTitle } from './list-words.ts';
import { gapsOf, pairsText, SIGNS, Signs, timesText } from './matrix-cells.ts';
import { failedTitle, targetPlace, targetTitle } from './target.ts';
import { visible } from './text.ts';

/** Ends with a newline. */
export function renderMarkdown(report: Report): string {
  const { target, checks } = report;
  const place = targetPlace(target);
  const all = checks.flatMap((check) => check.findings);
  return [
    `## ${plain(targetTitle(target))}: ${report.verdict}`,
    '',
    plain(
      `${place === '' ? '' : `${place}; `}${report.startedAt}, ${(report.durationMs / 1000).toFixed(1)} s, kubectl-nettools ${report.tool.version}`,
    ),
    '',
    '| Check | Status | Summary |',
    '| --- | --- | --- |',
    ...checks.map(
      ({ id, status, summary }: CheckResult) => `| ${plain(id)} | ${status} | ${plain(summary)} |`,
    ),
    ...all.flatMap((finding) => ['', ...section(finding)]),
    '',
  ].join('\n');
}

/** What many targets have in common, then a line for each of them, then each finding once, with its proof. */
export function renderMarkdownList(list: ReportList): string {
  const { groups, items, failed } = list;
  return [
    `## ${plain(listTitle(list))}: ${list.verdict}`,
    '',
    plain(
      `${list.startedAt}, ${(list.durationMs / 1000).toFixed(1)} s, kubectl-nettools ${list.tool.version}`,
    ),
    ...(groups.length === 0
      ? []
      : [
          '',
          '| Finding | Severity | Where |',
          '| --- | --- | --- |',
          ...groups.map(
            (group) => `| ${plain(groupTitle(group))} | ${group.severity} | ${plain(group.where)} |`,
          ),
        ]),
    '',
    '| Target | Node | Verdict | Findings |',
    '| --- | --- | --- | --- |',
    ...items.map(
      (report) =>
        `| ${plain(targetTitle(report.target))} | ${plain(report.target.node ?? '')} | ${report.verdict} | ${plain(findingIds(report).join(', '))} |`,
    ),
    ...failed.map(
      (one) =>
        `| ${plain(failedTitle(one))} | ${plain(one.node ?? '')} | not measured | ${plain(one.reason)} |`,
    ),
    ...groups.flatMap((group) => {
      const example = exampleOf(group, items);
      return example === undefined
        ? []
        : ['', ...section({ ...example.finding, summary: exampleText(group, example) })];
    }),
    '',
  ].join('\n');
}

/** The pattern, then a row for each source with a sign for each destination, then each finding with its proof. */
export function renderMarkdownMatrix(report: MatrixReport): string {
  const { sources, destinations, findings } = report;
  const signs = new Signs(report);
  const gaps = gapsOf(report);
  return [
    `## Matrix: ${report.verdict}`,
    '',
    plain(
      `${pairsText(report)}; ${report.startedAt}, ${(report.durationMs / 1000).toFixed(1)} s, kubectl-nettools ${report.tool.version}`,
    ),
    '',
    `| From / to | Node | ${destinations.map(({ target }) => plain(target)).join(' | ')} |`,
    `| --- | --- | ${destinations.map(() => '---').join(' | ')} |`,
    ...sources.map(
      ({ target, node }, at) =>
        `| ${plain(target)} | ${plain(node ?? '')} | ${destinations.map((_to, i) => plain(signs.of(at, i) ?? ' ')).join(' | ')} |`,
    ),
    '',
    plain(
      [
        signs
          .used()
          .map((sign) => `${sign} ${SIGNS[sign]}`)
          .join(', '),
        timesText(report),
      ]
        .filter((one) => one !== '')
        .join('; '),
    ),
    ...(gaps.length === 0 ? [] : ['', ...gaps.map((gap) => `- not measured: ${plain(gap)}`)]),
    ...findings.flatMap((finding) => ['', ...section(finding)]),
    '',
  ].join('\n');
}

export function section(finding: Finding, level = '###'): string[] {
  const cause = finding.causedBy === undefined ? '' : ` (caused by ${plain(finding.causedBy)})`;
  return [
    `${level} ${finding.severity} ${plain(finding.id)}: ${plain(finding.title)}`,
    '',
    `${plain(finding.summary)}${cause}`,
    ...finding.evidence.flatMap(({ command, excerpt }) => [
      '',
      ...fenced(`$ ${commandLine(command)}\n${excerpt}`),
    ]),
    '',
    ...remedy(finding),
  ];
}

function remedy({ remediation }: Finding): string[] {
  const [words = '', ...commands] = remediation.split('\n');
  return [
    `**Remedy:** ${plain(words)}`,
    ...(commands.length === 0 ? [] : ['', ...fenced(commands.join('\n'))]),
  ];
}

/** A code block whose fence is longer than any run of backticks in it (CommonMark, 4.5). */
function fenced(text: string): string[] {
  const code = shown(text);
  let longest = 2;
  for (const [run] of code.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, code, fence];
}

/** One line of text that stays text: nothing in it formats, links, mentions or begins a block. */
export function plain(text: string): string {
  // References last: the signs that they are made of would be escaped themselves.
  return shown(text)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\\`*_[\]#~|$!]/g, '\\$&')
    .replace(/^(\s*|\s*\d+)([-+=.)])/, '$1\\$2')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '&#64;')
    .replace(/:\/\//g, ':&#47;/')
    .replace(/\bwww\./gi, 'www&#46;');
}

/** Half of a surrogate pair is not a character; it would become the same in UTF-8. */
function shown(text: string): string {
  return visible(text).replace(/\p{Surrogate}/gu, '\ufffd');
}
