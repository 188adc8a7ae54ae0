/** What the dns check measured, as tables: the servers, then the names. Pure. */
import type { Json } from '../../model/report.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text } from '../shared/cells.ts';

const SERVERS = [
  left('SERVER'),
  left('ORIGIN'),
  left('UDP'),
  right('ANSWERED'),
  right('MEDIAN'),
  right('MAX'),
  left('TCP'),
  right('ANSWERED'),
];

const NAMES = [left('NAME'), right('QUERIES'), right('GETADDRINFO'), left('ASKED'), left('A'), left('AAAA')];

/** From here on a resolver that found nothing has made its user wait. */
const LONG_MS = 1000;

export function dnsTables({ servers, names }: Fields): readonly Table[] {
  return [
    { columns: SERVERS, rows: recordsOf(servers).map(serverRow) },
    { columns: NAMES, rows: recordsOf(names).flatMap(nameRows) },
  ];
}

function serverRow(server: Fields): string[] {
  const udp = fieldsOf(server['udp']);
  const tcp = fieldsOf(server['tcp']);
  const times = fieldsOf(udp['ms']);
  return [
    text(server['address']),
    origin(server),
    text(udp['reach']),
    answered(udp),
    milliseconds(times['median']),
    milliseconds(times['max']),
    text(tcp['reach']),
    answered(tcp),
  ];
}

function origin({ role, service, pod, askedBy }: Fields): string {
  if (role !== 'server') return typeof askedBy === 'string' ? `asked by ${askedBy}` : `pod ${text(pod)}`;
  return typeof service === 'string' ? `resolv.conf, svc/${service}` : 'resolv.conf';
}

function answered({ answered: count, queries }: Fields): string {
  return `${text(count ?? 0)}/${text(queries ?? 0)}`;
}

/** A row for each name that the resolver makes of one; what is true of all of them stands in the first. */
function nameRows({ name, queries, getaddrinfo, candidates }: Fields): string[][] {
  const common = [text(name), text(queries), resolved(fieldsOf(getaddrinfo))];
  return recordsOf(candidates).map((candidate, i) => [
    ...(i === 0 ? common : common.map(() => '')),
    text(candidate['name']),
    text(candidate['A']),
    text(candidate['AAAA']),
  ]);
}

function resolved({ outcome, ms }: Fields): string {
  const took = `${milliseconds(ms)} ms`;
  if (outcome === 'resolved') return took;
  return typeof ms === 'number' && ms >= LONG_MS ? `${text(outcome)} ${took}` : text(outcome);
}

function milliseconds(value: Json | undefined): string {
  if (typeof value !== 'number') return '-';
  return value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');
}
