/** What a watch saw, as tables: what may matter flow by flow, and what is harmless by its reason. Pure. */
import type { Json } from '../../model/report.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text } from '../shared/cells.ts';
import { harmlessWhy } from '../shared/drops/harmless.ts';

/** JSON has more. */
const MOST_ROWS = 40;

export function dropsTables({ drops, harmless }: Fields): readonly Table[] {
  const tables: Table[] = [
    {
      columns: [right('PACKETS'), left('REASON'), left('FUNCTION'), left('PLACE'), left('FLOW'), left('AT')],
      rows: recordsOf(drops).slice(0, MOST_ROWS).map(row),
    },
    {
      columns: [right('PACKETS'), left('HARMLESS'), left('WHY')],
      rows: byReason(recordsOf(harmless)),
    },
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function row(one: Fields): string[] {
  const { kind, name } = fieldsOf(one['place']);
  return [
    text(one['packets']),
    text(one['reason']),
    text(one['function']),
    kind === 'pod' || kind === 'container' ? `${kind} ${text(name)}` : text(name),
    text(fieldsOf(one['flow'])['text']),
    text(one['interface']),
  ];
}

function count(packets: Json | undefined): number {
  return typeof packets === 'number' ? packets : 0;
}

function byReason(rows: readonly Fields[]): string[][] {
  const lines = new Map<string, number>();
  for (const one of rows) {
    const [reason, name] = [text(one['reason']), text(one['function'])];
    const key = JSON.stringify([reason, harmlessWhy(reason, name) ?? '-']);
    lines.set(key, (lines.get(key) ?? 0) + count(one['packets']));
  }
  return [...lines]
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => [String(count), ...(JSON.parse(key) as [string, string])]);
}
