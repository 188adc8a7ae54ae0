/** A matrix as a page: a heat map that is a table, so that it can be read without seeing and without a script. Pure. */
import type { MatrixCell, MatrixProbe, MatrixReport } from '../../model/matrix.ts';
import { cellsByPair, pairKey } from '../../model/matrix-pairs.ts';
import { gapsOf, msText, pairsText, SIGNS, type Sign, Signs, timesText } from '../matrix-cells.ts';
import { type Line, linesOf, ownColumns, signOf } from '../matrix-lines.ts';
import { findingsSection } from './findings.ts';
import { html, type Markup, type Part } from './markup.ts';
import { type PageOptions, page, runFacts } from './page.ts';

/** With more places on a side, a line is a node: a browser draws ten thousand cells, and not a million. */
const MOST_PLACES = 100;
/** A pair with an answer below so many milliseconds is of this heat; the last one is of all others. (ours) */
const HEATS = [1, 5, 20, 100] as const;
/** From good to bad: what a column is sorted by. */
const BADNESS: readonly Sign[] = ['·', '?', '~', 'I', 'S', 'U', 'T', '6', '4', '×'];

/** Ends with a newline. */
export function renderHtmlMatrix(report: MatrixReport, options: PageOptions): string {
  const gaps = gapsOf(report);
  return page(
    {
      title: 'Matrix',
      verdict: report.verdict,
      facts: [['pairs', pairsText(report)], ...runFacts(report)],
      body: html`<p class="lead">${leadText(report)}</p>
${report.cells.length === 0 ? undefined : mapPart(report)}
${gaps.length === 0 ? undefined : html`<section aria-labelledby="gaps"><h2 id="gaps">Not measured</h2><ul>${gaps.map((gap) => html`<li>${gap}</li>`)}</ul></section>`}
${findingsSection(report.findings)}`,
    },
    options,
  );
}

function leadText({ findings: [first], cells, verdict }: MatrixReport): string {
  if (first !== undefined && first.severity !== 'info') return `${first.title}. ${first.summary}`;
  if (cells.length === 0) return 'Nothing could be measured.';
  return verdict === 'pass'
    ? 'Every pair is reached by all probes.'
    : 'Nothing is wrong in what could be measured.';
}

function mapPart(report: MatrixReport): Markup {
  const { sources, destinations } = report;
  const isFolded = Math.max(sources.length, destinations.length) > MOST_PLACES;
  const [rows, columns] = [linesOf(sources, isFolded), linesOf(destinations, isFolded)];
  const own = ownColumns(report, rows);
  const signs = new Signs(report);
  const pairs = cellsByPair(report.cells);
  const cell = (row: Line, column: Line): Part => {
    const sign = signOf(signs, row.members, column.members);
    if (sign === undefined) return html`<td></td>`;
    const cells = row.members.flatMap((from) =>
      column.members.flatMap((to) => pairs.get(pairKey(from, to)) ?? []),
    );
    const ms = fastest(cells);
    const said = cells.length <= 2 ? cells.map(cellText).join('; ') : `the worst of ${cells.length}`;
    return html`<td class="${heat(sign, ms)}" title="${`${nameOf(row)} → ${nameOf(column)}: ${SIGNS[sign]}; ${said}`}" data-worth="${BADNESS.indexOf(sign) * 1e6 + Math.min(ms ?? 0, 1e5)}">${sign}</td>`;
  };
  return html`<section aria-labelledby="map"><h2 id="map">From each row to each column</h2>
<div class="scroll" tabindex="0" role="group" aria-label="Map of all pairs"><table class="map">
<thead><tr><th scope="col">from</th>${columns.map((column, i) => html`<th scope="col" title="${nameOf(column)}">${i + 1}</th>`)}${own.map(({ name }) => html`<th scope="col" title="${name}">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (
    row,
    at,
  ) => html`<tr><th scope="row">${at + 1} ${nameOf(row)}</th>${columns.map((column) => cell(row, column))}${own.map(({ name, signs: all }) => ownCell(nameOf(row), name, all[at]))}</tr>
`,
)}</tbody></table></div>
${legend(signs, own.length > 0, isFolded)}
<p>${timesText(report)}</p>
<h3>Columns</h3><ol>${columns.map((column) => html`<li>${nameOf(column)}</li>`)}</ol>
</section>`;
}

function ownCell(from: string, name: string, sign: Sign | undefined): Part {
  if (sign === undefined) return html`<td></td>`;
  return html`<td class="${heat(sign, undefined)}" title="${`${from}: ${name} ${SIGNS[sign]}`}" data-worth="${BADNESS.indexOf(sign)}">${sign}</td>`;
}

function nameOf({ name, head }: Line): string {
  return head === '' ? name : `${name} (${head})`;
}

/** The fastest answer of the slowest. */
function fastest(cells: readonly MatrixCell[]): number | undefined {
  const times = cells.flatMap(({ icmp, tcp }) => (icmp === undefined ? tcp?.ms : icmp.ms) ?? []);
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
}

function heat(sign: Sign, ms: number | undefined): string {
  if (sign === '×') return 'lost';
  if (sign === '?') return 'info';
  if (sign === '~' || sign === 'I') return 'soft';
  if (sign !== '·') return 'part';
  const at = HEATS.findIndex((limit) => (ms ?? 0) < limit);
  return `h${at < 0 ? HEATS.length + 1 : at + 1}`;
}

function cellText({ family, address, icmp, tcp, udp, full }: MatrixCell): string {
  const said = [
    probeText('echo', icmp),
    probeText(`TCP ${tcp?.port ?? ''}`.trim(), tcp),
    probeText(`UDP ${udp?.port ?? ''}`.trim(), udp),
    probeText(`${full?.bytes ?? 'full'} bytes`, full),
  ];
  return `IPv${family} ${address}: ${said.filter((one) => one !== '').join(', ')}`;
}

function probeText(name: string, probe: MatrixProbe | undefined): string {
  if (probe === undefined) return '';
  const { outcome, ms, reason, sent, received } = probe;
  const counted = outcome === 'lossy' ? ` ${received} of ${sent}` : '';
  return `${name} ${outcome}${counted}${ms === undefined ? '' : ` in ${msText(ms)}`}${reason === undefined ? '' : ` (${reason})`}`;
}

function legend(signs: Signs, hasOwn: boolean, isFolded: boolean): Markup {
  const heats = [...HEATS.map((limit) => `below ${limit} ms`), `${HEATS.at(-1)} ms and more`];
  return html`<ul class="keys map">${signs.used().map((sign) => (sign === '·' ? undefined : html`<li><span class="${heat(sign, undefined)}">${sign}</span> ${SIGNS[sign]}</li>`))}
${heats.map((text, at) => html`<li><span class="h${at + 1}">·</span> reached, ${text}</li>`)}
${hasOwn ? html`<li>DNS: its name server answers; API: the Service kubernetes takes its connection</li>` : undefined}
${isFolded ? html`<li>each line is a node with its number of places, each sign the worst of them</li>` : undefined}</ul>`;
}
