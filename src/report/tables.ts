/** Plain tables in kubectl's look: columns by spaces, no lines. */
import Table from 'cli-table3';
import type { Json } from '../model/report.ts';
import type { Palette } from './text.ts';

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
  const table = new Table({
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

/** A table with a bold head; `undefined` without rows. */
export function measurementTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[],
  paint: Palette,
): string | undefined {
  if (rows.length === 0) return undefined;
  const [first = '', ...rest] = plainTable(head, rows, rightAligned).split('\n');
  return [paint.bold(first), ...rest].join('\n');
}

/** A measurement that is an object, or an empty one. */
export function fieldsOf(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};
}

/** A measurement that is a list, or an empty one. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
