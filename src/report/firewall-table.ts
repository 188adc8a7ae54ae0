/** The measurements of the firewall check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

/** A row for each destination; `undefined` when there is nothing to show. */
export function firewallTable(check: CheckResult, paint: Palette): string | undefined {
  const destinations = listOf(check.measurements['destinations']).map(fieldsOf);
  const head = ['DESTINATION', 'PROTOCOL', 'ADDRESS', 'SEEN', 'TIME', 'ICMP FROM', 'NETWORKPOLICIES'];
  const rows = destinations.map((d) => [
    visible(text(d['name'])),
    `${text(d['protocol'])}/${text(d['port'])}`,
    visible(text(d['address'])),
    visible(text(d['seen'])),
    time(listOf(d['tries'])),
    visible([...new Set(listOf(d['icmpErrors']).map((e) => text(fieldsOf(e)['from'])))].join(' ') || '-'),
    text(fieldsOf(d['policies'])['verdict']),
  ]);
  return measurementTable(head, rows, [4], paint);
}

function time(tries: readonly Json[]): string {
  const ms = fieldsOf(tries.at(-1))['ms'];
  return typeof ms === 'number' ? `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)} ms` : '-';
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}
