/** Plain tables in kubectl's look: columns by spaces, no lines. */
import CliTable from 'cli-table3';
import type { Table } from '../model/table.ts';
import { type Palette, visible } from './text.ts';

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   ',
};

/** One text of lines, without a trailing newline. Cells are shown as they are: escape remote text before. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const table = new CliTable({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_name, i) => (rightAligned.includes(i) ? 'right' : 'left')),
  });
  for (const row of [head, ...rows]) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** One table of a check, without a trailing newline: every word of it escaped, its head bold. */
export function tableText({ columns, rows }: Table, paint: Palette): string {
  const [head = '', ...lines] = plainTable(
    columns.map((column) => visible(column.head)),
    rows.map((cells) => cells.map(visible)),
    columns.flatMap(({ align }, i) => (align === 'right' ? [i] : [])),
  ).split('\n');
  return [paint.bold(head), ...lines].join('\n');
}
