/** What a watch saw, as tables: what may matter flow by flow, and what is harmless by its reason. Pure. */
import type { Json } from '../../model/report.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text } from '../shared/cells.ts';
import { harmlessWhy } from '../shared/drops/harmless.ts';

/** JSON has more. */
const MOST_ROWS = 40;
const MOST_FLOWS_OF_PLACE = 10;
/** Of a place, or of one end of a flow, in characters. */
const MOST_OF_NAME = 40;
/** The two ends of a flow. */
const BETWEEN = ' → ';
/** What stands for flows that have no row of their own. */
const OTHER_FLOWS = 'other flows';

export function dropsTables({ drops, moreDrops, harmless, moreHarmless }: Fields): readonly Table[] {
  const all = withOtherFlows(recordsOf(drops));
  const hidden = others(all.slice(MOST_ROWS), fieldsOf(moreDrops));
  const harmlessToo = others([], fieldsOf(moreHarmless));
  const tables: Table[] = [
    {
      columns: [right('PACKETS'), left('REASON'), left('FUNCTION'), left('PLACE'), left('FLOW'), left('AT')],
      rows: [
        ...all.slice(0, MOST_ROWS).map(row),
        ...hidden.map(({ packets, words }) => [packets, words, '', '', '', '']),
      ],
    },
    {
      columns: [right('PACKETS'), left('HARMLESS'), left('WHY')],
      rows: [
        ...byReason(recordsOf(harmless)),
        ...harmlessToo.map(({ packets, words }) => [packets, words, '']),
      ],
    },
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

/** The first flows of each place, and one row for its others: who floods one place hides no other one. */
function withOtherFlows(rows: readonly Fields[]): Fields[] {
  const key = ({ reason, function: name, place }: Fields): string => JSON.stringify([reason, name, place]);
  return [...Map.groupBy(rows, key).values()]
    .flatMap((group): Fields[] => {
      const [flows, rest] = [
        group.filter(({ flow }) => flow !== null),
        group.filter(({ flow }) => flow === null),
      ];
      const hidden = [...flows.slice(MOST_FLOWS_OF_PLACE), ...rest];
      const [first] = hidden;
      return [
        ...flows.slice(0, MOST_FLOWS_OF_PLACE),
        ...(first === undefined ? [] : [{ ...first, flow: null, interface: null, packets: sumOf(hidden) }]),
      ];
    })
    .toSorted((a, b) => count(b['packets']) - count(a['packets']));
}

/** What has no row of its own: a row, or none. */
function others(hidden: readonly Fields[], more: Fields): { packets: string; words: string }[] {
  const rows = hidden.length + count(more['rows']);
  const packets = sumOf(hidden) + count(more['packets']);
  return rows === 0 ? [] : [{ packets: String(packets), words: `in ${rows} more rows` }];
}

function sumOf(rows: readonly Fields[]): number {
  return rows.reduce((sum, one) => sum + count(one['packets']), 0);
}

function row(one: Fields): string[] {
  const { kind, name } = fieldsOf(one['place']);
  return [
    text(one['packets']),
    text(one['reason']),
    text(one['function']),
    kind === 'pod' || kind === 'container' ? `${kind} ${short(text(name))}` : short(text(name)),
    one['flow'] === null
      ? OTHER_FLOWS
      : text(fieldsOf(one['flow'])['text']).split(BETWEEN).map(short).join(BETWEEN),
    text(one['interface']),
  ];
}

/** Both ends of a name say more than its middle; findings and JSON have all of it. */
function short(name: string): string {
  const characters = [...name];
  if (characters.length <= MOST_OF_NAME) return name;
  const half = Math.floor(MOST_OF_NAME / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(1 - half).join('')}`;
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
