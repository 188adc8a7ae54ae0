/** The measurements of the dns check as tables: the servers, then the names. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

type Fields = { readonly [key: string]: Json };

/** `undefined` when there is nothing to show. */
export function dnsTable(check: CheckResult, paint: Palette): string | undefined {
  const servers = listOf(check.measurements['servers']).map(fieldsOf);
  const names = listOf(check.measurements['names']).map(fieldsOf);
  const tables = [
    measurementTable(
      ['SERVER', 'IS', 'UDP', 'ANSWERED', 'MEDIAN', 'MAX', 'TCP', 'ANSWERED'],
      servers.map(serverRow),
      [3, 4, 5, 7],
      paint,
    ),
    measurementTable(
      ['NAME', 'QUERIES', 'GETADDRINFO', 'ASKED', 'A', 'AAAA'],
      names.flatMap(nameRows),
      [1, 2],
      paint,
    ),
  ].filter((table) => table !== undefined);
  return tables.length === 0 ? undefined : tables.join('\n\n');
}

function serverRow(server: Fields): string[] {
  const udp = fieldsOf(server['udp']);
  const tcp = fieldsOf(server['tcp']);
  const times = fieldsOf(udp['ms']);
  return [
    text(server['address']),
    server['role'] === 'server'
      ? typeof server['service'] === 'string'
        ? `resolv.conf, svc/${text(server['service'])}`
        : 'resolv.conf'
      : `pod ${text(server['pod'])}`,
    text(udp['reach']),
    answered(udp),
    milliseconds(times['median']),
    milliseconds(times['max']),
    text(tcp['reach']),
    answered(tcp),
  ];
}

function answered(transport: Fields): string {
  return `${transport['answered'] ?? 0}/${transport['queries'] ?? 0}`;
}

function nameRows(name: Fields): string[][] {
  const run = fieldsOf(name['getaddrinfo']);
  const getaddrinfo =
    run['outcome'] === 'resolved'
      ? `${milliseconds(run['ms'])} ms`
      : `${text(run['outcome'])}${typeof run['ms'] === 'number' && run['ms'] >= 1000 ? ` ${milliseconds(run['ms'])} ms` : ''}`;
  return listOf(name['candidates'])
    .map(fieldsOf)
    .map((candidate, i) => [
      i === 0 ? text(name['name']) : '',
      i === 0 ? text(name['queries']) : '',
      i === 0 ? getaddrinfo : '',
      text(candidate['name']),
      text(candidate['A']),
      text(candidate['AAAA']),
    ]);
}

function milliseconds(value: Json | undefined): string {
  if (typeof value !== 'number') return '-';
  return value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');
}

function text(value: Json | undefined): string {
  return value === null || value === undefined ? '-' : visible(String(value));
}
