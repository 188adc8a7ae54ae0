/** What the mtu check measured, as a table: a row for each destination. Pure. */
import type { Json } from '../../model/report.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text } from '../shared/cells.ts';

const COLUMNS = [
  left('DESTINATION'),
  left('ADDRESS'),
  left('INTERFACE'),
  right('MAY SEND'),
  right('GETS THROUGH'),
  left('TCP'),
  left('TOLD BY'),
];

export function mtuTables({ destinations }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(destinations).map(row) }];
}

function row({
  name,
  address,
  device,
  allowedMtu,
  pathMtu,
  skipped,
  transfer,
  announcedBy,
}: Fields): string[] {
  return [
    text(name),
    text(address),
    text(device),
    text(allowedMtu),
    text(pathMtu ?? (skipped === undefined ? 'no reply' : '-')),
    transferred(transfer),
    text(announcedBy),
  ];
}

function transferred(transfer: Json | undefined): string {
  // Nobody asked for a transfer.
  if (transfer === undefined || transfer === null) return '-';
  const { outcome, mss } = fieldsOf(transfer);
  if (typeof outcome !== 'string') return 'not measured';
  return typeof mss === 'number' ? `${outcome} (mss ${mss})` : outcome;
}
