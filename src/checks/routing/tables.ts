/** What the routing check measured, as a table: a row for each destination. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, left, recordsOf, text } from '../shared/cells.ts';

const COLUMNS = [
  left('DESTINATION'),
  left('ADDRESS'),
  left('VIA'),
  left('INTERFACE'),
  left('SOURCE'),
  left('ANSWER'),
];

export function routingTables({ destinations }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(destinations).map(row) }];
}

function row(way: Fields): string[] {
  const { name, address, device, source, answered } = way;
  return [
    text(name),
    text(address),
    via(way),
    text(device),
    text(source),
    answered === true ? 'yes' : answered === false ? 'none' : '-',
  ];
}

function via({ error, local, gateway, device }: Fields): string {
  if (error === 'none') return 'no route';
  if (error === 'other') return 'refused';
  if (typeof error === 'string') return error;
  if (local === true) return 'itself';
  if (gateway) return text(gateway);
  return device === undefined ? '-' : 'on the link';
}
