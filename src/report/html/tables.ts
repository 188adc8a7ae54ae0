/** Tables of measurements. Pure. */
import type { Table } from '../../model/table.ts';
import { html, type Markup, type Part } from './markup.ts';

/** Cells with so many characters may not be squeezed into a column of words below each other. */
const LONG = 60;

/** @param name of what the table is, for who cannot see it */
export function tableOf({ columns, rows }: Table, name: string): Markup {
  return grid(
    columns.map(({ head }) => head),
    rows,
    name,
    columns.map(({ align }) => align),
  );
}

/**
 * A cell is text, or markup that somebody has made of it.
 * @param align of numbers; absent: all is words, whose cells stand below each other on a phone
 */
export function grid(
  heads: readonly string[],
  rows: readonly (readonly Part[])[],
  name: string,
  align: readonly ('left' | 'right')[] = [],
): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${`Table: ${name}`}"><table class="${align.length === 0 ? 'words' : 'numbers'}">
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${align[i] ?? 'left'}">${head}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (
    cells,
  ) => html`<tr>${cells.map((cell, i) => html`<td class="${classOf(cell, align[i])}">${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}

function classOf(cell: Part, align: 'left' | 'right' = 'left'): string {
  return typeof cell === 'string' && cell.length > LONG ? `${align} long` : align;
}
