/** Many reports as a page: what most have in common, each target in a line, and each in full behind it. Pure. */
import type { Report } from '../../model/report.ts';
import type { ReportList } from '../../model/report-list.ts';
import { exampleOf, exampleText, findingIds, groupTitle, listTitle } from '../list-words.ts';
import { failedTitle, targetPlace, targetTitle } from '../target.ts';
import { findingBlock } from './findings.ts';
import { html, type Part } from './markup.ts';
import { badge, page, runFacts } from './page.ts';
import { type CheckViews, checksTable, type HtmlOptions, measurementsOf } from './report.ts';
import { grid } from './tables.ts';

/** Ends with a newline. */
export function renderHtmlList(list: ReportList, options: HtmlOptions): string {
  const { verdict, items, failed, groups } = list;
  return page(
    {
      title: listTitle(list),
      verdict,
      facts: runFacts(list),
      body: html`<p class="lead">${leadText(list)}</p>
${groupsPart(list)}
<section aria-labelledby="targets"><h2 id="targets">Targets</h2>
${grid(
  ['Target', 'Node', 'Verdict', 'Findings'],
  [
    ...items.map((report) => [
      targetTitle(report.target),
      report.target.node,
      badge(report.verdict),
      saidOf(report),
    ]),
    ...failed.map((one) => [
      failedTitle(one),
      one.node,
      html`<strong class="badge unknown">not measured</strong>`,
      one.reason,
    ]),
  ],
  'Targets',
)}</section>
${
  groups.length === 0
    ? undefined
    : html`<section aria-labelledby="findings"><h2 id="findings">Findings</h2>${groups.map((group) => {
        const example = exampleOf(group, items);
        return example === undefined
          ? undefined
          : findingBlock({ ...example.finding, summary: exampleText(group, example) });
      })}</section>`
}
<section aria-labelledby="each"><h2 id="each">Each target</h2>
${items.map((report) => targetPart(report, options))}
</section>`,
    },
    options,
  );
}

function leadText({ groups: [root], items, failed, verdict }: ReportList): string {
  if (root !== undefined)
    return `${root.title}${root.subject === undefined ? '' : ` (${root.subject})`}: ${root.where}.`;
  if (items.length === 0) return 'Nothing could be measured.';
  return failed.length > 0 || verdict !== 'pass'
    ? 'Nothing is wrong in what could be measured.'
    : 'No problems found by these checks.';
}

function groupsPart({ groups }: ReportList): Part {
  if (groups.length === 0) return undefined;
  return grid(
    ['Finding', 'Severity', 'Where'],
    groups.map((group) => [groupTitle(group), badge(group.severity), group.where]),
    'Findings of several targets',
  );
}

/** Of a single check each target's measurement is worth a line. */
function saidOf(report: Report): string {
  const { checks } = report;
  return checks.length === 1 ? (checks[0]?.summary ?? '') : findingIds(report).join(', ');
}

/** In full: what was grouped is told here with the target's own words and numbers. */
function targetPart(report: Report, views: CheckViews): Part {
  const { target, verdict, checks } = report;
  return html`<details><summary>${targetTitle(target)} ${badge(verdict)}</summary>
<p>${targetPlace(target)}</p>
${checksTable(checks)}
${checks.flatMap(({ findings }) => findings).map(findingBlock)}
${checks.map((check) => measurementsOf(check, views))}
</details>
`;
}
