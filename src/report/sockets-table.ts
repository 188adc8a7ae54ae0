/** The measurements of the sockets check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

/** A row for each listening socket; `undefined` when there is none. */
export function socketsTable(check: CheckResult, paint: Palette): string | undefined {
  const listeners = listOf(check.measurements['listeners']).map(fieldsOf);
  const head = ['LISTENS', 'ADDRESS', 'PROCESS', 'WAITING', 'BACKLOG', 'EXPECTED BY'];
  const rows = listeners.map((l) => [
    `${text(l['protocol'])}/${text(l['port'])}`,
    `${text(l['address'])}${l['loopbackOnly'] === true ? ' (loopback)' : ''}`,
    text(l['process']),
    text(l['waiting']),
    text(l['backlog']),
    listOf(l['expectedBy']).map(text).join(', ') || '-',
  ]);
  return measurementTable(
    head,
    rows.map((cells) => cells.map(visible)),
    [3, 4],
    paint,
  );
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}
