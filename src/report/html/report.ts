/** One report as a page. Pure. */
import { byLead } from '../../model/lead.ts';
import type { Measure } from '../../model/measure.ts';
import type { CheckResult, Report } from '../../model/report.ts';
import type { Table } from '../../model/table.ts';
import type { Way } from '../../model/way.ts';
import { targetPlace, targetTitle } from '../target.ts';
import { distributions, seriesOf } from './distribution.ts';
import { findingsSection } from './findings.ts';
import { html, type Part } from './markup.ts';
import { badge, type PageOptions, page, runFacts } from './page.ts';
import { grid, tableOf } from './tables.ts';
import { wayFigure } from './way-figure.ts';

/** What the checks make of their measurements. Only they can tell, and reporters know no check. */
export interface CheckViews {
  readonly tablesOf: (check: CheckResult) => readonly Table[];
  readonly measuresOf: (check: CheckResult) => readonly Measure[];
  readonly waysOf: (check: CheckResult) => readonly Way[];
}

export type HtmlOptions = PageOptions & CheckViews;

/** Ends with a newline. */
export function renderHtml(report: Report, options: HtmlOptions): string {
  const { target, verdict, checks } = report;
  const place = targetPlace(target);
  return page(
    {
      title: targetTitle(target),
      verdict,
      facts: [...(place === '' ? [] : [['target', place] as const]), ...runFacts(report)],
      body: html`<p class="lead">${leadText(report)}</p>
<section aria-labelledby="checks"><h2 id="checks">Checks</h2>${checksTable(checks)}</section>
${findingsSection(checks.flatMap(({ findings }) => findings))}
${measured(checks, options)}`,
    },
    options,
  );
}

/** The gravest root, or what may be said where there is none. */
function leadText({ checks, verdict }: Report): string {
  const bad = checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
  const roots = bad.filter(({ causedBy }) => causedBy === undefined);
  const [root] = [...roots.sort(byLead), ...bad];
  if (root !== undefined) return root.summary;
  const lost = checks.filter(({ status }) => status === 'error').map(({ id }) => id);
  if (lost.length > 0) return `No problems found in what could be measured; ${lost.join(', ')} could not be.`;
  return verdict === 'pass' ? 'No problems found by these checks.' : 'Nothing could be measured.';
}

export function checksTable(checks: readonly CheckResult[]): Part {
  return grid(
    ['Check', 'Status', 'Summary'],
    checks.map(({ id, status, summary }) => [id, badge(status), summary]),
    'Checks',
  );
}

/** All that the checks measured. */
function measured(checks: readonly CheckResult[], options: CheckViews): Part {
  const parts = checks.map((check) => ({ id: check.id, shown: measurementsOf(check, options) }));
  const told = parts.filter(({ shown }) => shown.length > 0);
  if (told.length === 0) return undefined;
  return html`<section aria-labelledby="measured"><h2 id="measured">What was measured</h2>
${told.map(({ id, shown }) => html`<h3>${id}</h3>${shown}`)}
</section>`;
}

/** Its figures, then its tables. */
export function measurementsOf(
  check: CheckResult,
  { tablesOf, measuresOf, waysOf }: CheckViews,
): readonly Part[] {
  const plot = distributions(seriesOf(measuresOf(check)), `Times of ${check.id}`);
  return [
    ...waysOf(check).map(wayFigure),
    ...(plot === undefined ? [] : [plot]),
    ...tablesOf(check).map((table) => tableOf(table, `What ${check.id} measured`)),
  ];
}
