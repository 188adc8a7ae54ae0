/** The measurements of the service check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

/** Of more endpoints than this, those that work are counted after the first few. */
const MOST_ROWS = 24;
const FIRST_ROWS = 8;

/** A row for each endpoint, the cluster IP and the name; `undefined` when there is nothing to show. */
export function serviceTable(check: CheckResult, paint: Palette): string | undefined {
  const rows = listOf(check.measurements['services']).map(fieldsOf).flatMap(serviceRows);
  const head = ['SERVICE', 'VIA', 'ADDRESS', 'NODE', 'SEEN', 'TIME'];
  return measurementTable(head, rows, [5], paint);
}

function serviceRows(service: ReturnType<typeof fieldsOf>): string[][] {
  const all = listOf(service['endpoints']).map(fieldsOf);
  const endpoints = all
    .filter((e, i) => all.length <= MOST_ROWS || i < FIRST_ROWS || e['state'] !== 'works')
    .map((e) => [
      `${text(e['pod'])}${e['isTarget'] === true ? ' (the target)' : ''}`,
      `${text(e['address'])}:${text(e['port'])}`,
      text(e['node']),
      text(e['seen']),
      time(e['ms']),
    ]);
  const hidden = all.length - endpoints.length;
  const virtual = listOf(service['virtual']).map(fieldsOf);
  const works = virtual.filter((v) => v['state'] === 'works').length;
  const worst = virtual.find((v) => v['state'] !== 'works') ?? virtual[0];
  const share = virtual.length > 1 ? ` (${works} of ${virtual.length} work)` : '';
  const byName = service['byName'];
  const rows = [
    ...endpoints,
    ...(hidden > 0 ? [[`${hidden} more`, '', '', 'connected', '']] : []),
    ...(worst
      ? [
          [
            'cluster IP',
            `${text(service['clusterIp'])}:${text(service['port'])}`,
            '',
            `${text(worst['seen'])}${share}`,
            time(worst['ms']),
          ],
        ]
      : []),
    ...(byName ? [['name', '', '', text(fieldsOf(byName)['seen']), time(fieldsOf(byName)['ms'])]] : []),
  ];
  return rows.map((cells, i) => [i === 0 ? text(service['name']) : '', ...cells].map(visible));
}

function time(ms: Json | undefined): string {
  return typeof ms === 'number' ? `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)} ms` : '-';
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}
