/** The measurements of the latency check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { plainTable } from './tables.ts';
import { type Palette, sparkline, visible } from './text.ts';

type Fields = { readonly [key: string]: Json };

/** Rows for each destination and way of measuring; `undefined` when there is nothing to show. */
export function latencyTable(check: CheckResult, paint: Palette): string | undefined {
  const destinations = list(check.measurements['destinations']);
  if (destinations.length === 0) return undefined;
  const rows = destinations.flatMap((d) => {
    const destination = fields(d);
    const name = visible(String(destination['name']));
    const address = visible(String(destination['address'] ?? ''));
    // Without NET_RAW, ping goes through the kernel's ping sockets: the same measurement, taken another way.
    const way = fields(destination['icmp'])['via'] === 'ping socket' ? 'icmp (ping socket)' : 'icmp';
    const icmp = row(way, fields(destination['icmp']), address, 'rttMs');
    const tcp = row(
      `tcp/${visible(String(fields(destination['tcp'])['port'] ?? '?'))}`,
      fields(destination['tcp']),
      address,
      'connectMs',
    );
    return [icmp, tcp].map((cells, i) => [i === 0 ? name : '', ...cells]);
  });
  const range = fields(check.measurements['histogramMs']);
  const scale =
    typeof range['from'] === 'number'
      ? `${milliseconds(range['from'])} … ${milliseconds(range['to'])} ms`
      : '';
  const head = [
    'DESTINATION',
    'BY',
    'ADDRESS',
    'MIN',
    'MEDIAN',
    'P95',
    'P99',
    'MAX',
    'JITTER',
    'LOSS',
    scale === '' ? 'DISTRIBUTION' : `DISTRIBUTION (${scale}, log)`,
  ];
  const lines = plainTable(head, rows, [3, 4, 5, 6, 7, 8, 9]).split('\n');
  return [paint.bold(lines[0] ?? ''), ...lines.slice(1)].join('\n');
}

function row(by: string, measured: Fields, address: string, key: string): string[] {
  if (typeof measured['skipped'] === 'string') {
    return [by.replace('/?', ''), address, '-', '-', '-', '-', '-', '-', '-', 'not measured'];
  }
  const times = fields(measured[key] ?? null);
  const cell = (name: string): string => milliseconds(times[name]);
  return [
    by,
    address,
    cell('min'),
    cell('median'),
    cell('p95'),
    cell('p99'),
    cell('max'),
    cell('jitter'),
    lossOf(measured),
    `${sparkline(list(measured['histogram']).map(Number))}${note(measured)}`,
  ];
}

function lossOf(measured: Fields): string {
  if (measured['lossPercent'] === 100) return 'no reply';
  if (typeof measured['lossPercent'] === 'number') return `${measured['lossPercent']} %`;
  const tries = Number(measured['tries'] ?? 0);
  const lost = Number(measured['unanswered'] ?? 0) + Number(measured['failed'] ?? 0);
  if (tries === 0) return '-';
  const percent = (lost / tries) * 100;
  // Something that is lost is never shown as nothing.
  return percent > 0 && percent < 1 ? '<1 %' : `${Math.round(percent)} %`;
}

/** A port that nobody listens on still times the way: its refusal is an answer. */
function note(measured: Fields): string {
  const refused = Number(measured['refused'] ?? 0);
  return refused > 0 && refused === Number(measured['tries']) ? ' refused' : '';
}

function milliseconds(value: Json | undefined): string {
  if (typeof value !== 'number') return '-';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

function fields(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
