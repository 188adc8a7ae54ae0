/** The measurements of the interfaces check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

const HEAD = ['INTERFACE', 'KIND', 'STATE', 'MTU', 'ADDRESSES', 'RECEIVED', 'ERRORS', 'SENT', 'ERRORS'];

/** One row an interface; `undefined` when there is none. */
export function interfacesTable(check: CheckResult, paint: Palette): string | undefined {
  return measurementTable(HEAD, listOf(check.measurements['interfaces']).map(row), [3, 5, 6, 7, 8], paint);
}

function row(entry: Json): string[] {
  const one = fieldsOf(entry);
  const text = (value: Json | undefined): string => visible(String(value ?? '-'));
  const received = fieldsOf(one['received']);
  const sent = fieldsOf(one['sent']);
  return [
    text(one['name']),
    text(one['kind']),
    text(one['state']),
    text(one['mtu']),
    visible(listOf(one['addresses']).join(', ')),
    text(received['packets']),
    text(received['errors']),
    text(sent['packets']),
    text(sent['errors']),
  ];
}
