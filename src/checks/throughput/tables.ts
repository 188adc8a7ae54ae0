/** What the throughput check measured, as a table: a row for each destination. Pure. */

import type { Json } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, left, recordsOf, right, text } from '../shared/cells.ts';

const COLUMNS = [
  left('DESTINATION'),
  left('ADDRESS'),
  right('MBIT/S'),
  right('EXPECTED'),
  right('SENT AGAIN'),
  right('RTT'),
  right('CPU'),
];

export function throughputTables({ destinations }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(destinations).map(row) }];
}

function row(path: Fields): string[] {
  return [
    text(path['name']),
    socketAddress(text(path['address']), text(path['port'])),
    megabits(path['bitsPerSecond']),
    megabits(path['expectedBitsPerSecond']),
    rounded(path['retransmits']),
    rounded(path['rttMs'], 1, ' ms'),
    rounded(path['cpuPercent'], 0, ' %'),
  ];
}

function megabits(bitsPerSecond: Json | undefined): string {
  return typeof bitsPerSecond === 'number' ? rounded(bitsPerSecond / 1e6) : '-';
}

function rounded(value: Json | undefined, digits = 0, unit = ''): string {
  return typeof value === 'number' ? `${value.toFixed(digits)}${unit}` : '-';
}
