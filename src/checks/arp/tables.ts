/** What the arp check measured, as a table: a row for each next hop. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, left, listOf, recordsOf, text } from '../shared/cells.ts';

const COLUMNS = [
  left('NEIGHBOUR'),
  left('INTERFACE'),
  left('STATE'),
  left('MAC'),
  left('ANSWERS TO ARP'),
  left('NEEDED BY'),
];

export function arpTables({ neighbours }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(neighbours).map(row) }];
}

function row(hop: Fields): string[] {
  const { address, device, state, mac, neededBy } = hop;
  return [
    text(address),
    text(device),
    text(state),
    text(mac),
    answers(hop),
    listOf(neededBy).map(text).join(', '),
  ];
}

function answers({ answers: macs, mac }: Fields): string {
  if (!Array.isArray(macs)) return 'not asked';
  const heard = macs.map(text).join(', ') || 'nobody';
  // The usual case need not be read twice.
  return heard === mac ? 'the same' : heard;
}
