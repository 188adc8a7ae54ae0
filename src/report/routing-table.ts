/** The measurements of the routing check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

const HEAD = ['DESTINATION', 'ADDRESS', 'VIA', 'INTERFACE', 'SOURCE', 'ANSWER'];
const REFUSED: Readonly<Record<string, string>> = { none: 'no route', other: 'refused' };

/** One row a destination; `undefined` when there is none. */
export function routingTable(check: CheckResult, paint: Palette): string | undefined {
  return measurementTable(HEAD, listOf(check.measurements['destinations']).map(row), [], paint);
}

function row(destination: Json): string[] {
  const way = fieldsOf(destination);
  const text = (name: string): string => visible(String(way[name] ?? '-'));
  const error = way['error'];
  const via =
    typeof error === 'string' ? (REFUSED[error] ?? visible(error)) : way['local'] === true ? 'itself' : null;
  const link = way['device'] === undefined ? '-' : 'on the link';
  return [
    text('name'),
    text('address'),
    via ?? (way['gateway'] ? text('gateway') : link),
    text('device'),
    text('source'),
    way['answered'] === true ? 'yes' : way['answered'] === false ? 'none' : '-',
  ];
}
