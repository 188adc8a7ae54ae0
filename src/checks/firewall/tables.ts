/** What the firewall check measured, as a table: a row for each destination. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text, time } from '../shared/cells.ts';

const COLUMNS = [
  left('DESTINATION'),
  left('PROTOCOL'),
  left('ADDRESS'),
  left('SEEN'),
  right('TIME'),
  left('ICMP FROM'),
  left('NETWORKPOLICIES'),
];

export function firewallTables({ destinations }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(destinations).map(row) }];
}

function row({ name, protocol, port, address, seen, tries, icmpErrors, policies }: Fields): string[] {
  const senders = new Set(recordsOf(icmpErrors).map(({ from }) => text(from)));
  return [
    text(name),
    `${text(protocol)}/${text(port)}`,
    text(address),
    text(seen),
    time(recordsOf(tries).at(-1)?.['ms']),
    [...senders].join(' ') || '-',
    text(fieldsOf(policies)['verdict']),
  ];
}
