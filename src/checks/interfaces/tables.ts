/** What the interfaces check measured, as a table: a row for each interface. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, listOf, recordsOf, right, text } from '../shared/cells.ts';

const COLUMNS = [
  left('INTERFACE'),
  left('KIND'),
  left('STATE'),
  right('MTU'),
  left('ADDRESSES'),
  right('RECEIVED'),
  right('ERRORS'),
  right('SENT'),
  right('ERRORS'),
];

export function interfacesTables({ interfaces }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(interfaces).map(row) }];
}

function row(link: Fields): string[] {
  const received = fieldsOf(link['received']);
  const sent = fieldsOf(link['sent']);
  return [
    text(link['name']),
    text(link['kind']),
    text(link['state']),
    text(link['mtu']),
    listOf(link['addresses']).map(text).join(', '),
    text(received['packets']),
    text(received['errors']),
    text(sent['packets']),
    text(sent['errors']),
  ];
}
