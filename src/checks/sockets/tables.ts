/** What the sockets check measured, as a table: a row for each socket that listens. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, left, listOf, recordsOf, right, text } from '../shared/cells.ts';

const COLUMNS = [
  left('LISTENS'),
  left('ADDRESS'),
  left('PROCESS'),
  right('WAITING'),
  right('BACKLOG'),
  left('EXPECTED BY'),
];

export function socketsTables({ listeners }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(listeners).map(row) }];
}

function row(listener: Fields): string[] {
  const { protocol, port, address, loopbackOnly, process, waiting, backlog, expectedBy } = listener;
  return [
    `${text(protocol)}/${text(port)}`,
    `${text(address)}${loopbackOnly === true ? ' (loopback)' : ''}`,
    text(process),
    text(waiting),
    text(backlog),
    listOf(expectedBy).map(text).join(', ') || '-',
  ];
}
