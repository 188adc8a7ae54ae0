/** What the latency check measured, as a table: for each destination a row by ICMP and one by TCP. Pure. */
import type { Json } from '../../model/report.ts';
import type { Column, Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, listOf, recordsOf, right, text } from '../shared/cells.ts';
import { sparkline } from './sparkline.ts';

const TIMES = ['min', 'median', 'p95', 'p99', 'max', 'jitter'] as const;

export function latencyTables({ destinations, histogramMs }: Fields): readonly Table[] {
  return [
    { columns: columnsOf(fieldsOf(histogramMs)), rows: recordsOf(destinations).flatMap(destinationRows) },
  ];
}

/** The common scale of all histograms is given once, in the head. */
function columnsOf({ from, to }: Fields): readonly Column[] {
  const scale = typeof from === 'number' ? ` (${milliseconds(from)} … ${milliseconds(to)} ms, log)` : '';
  return [
    left('DESTINATION'),
    left('BY'),
    left('ADDRESS'),
    ...TIMES.map((name) => right(name.toUpperCase())),
    right('LOSS'),
    left(`DISTRIBUTION${scale}`),
  ];
}

function destinationRows(destination: Fields): string[][] {
  const icmp = fieldsOf(destination['icmp']);
  const tcp = fieldsOf(destination['tcp']);
  const address = text(destination['address'] ?? '');
  // Without NET_RAW, ping goes through the kernel's ping sockets: the same measurement, taken another way.
  const ping = icmp['via'] === 'ping socket' ? 'icmp (ping socket)' : 'icmp';
  const connect = isSkipped(tcp) ? 'tcp' : `tcp/${text(tcp['port'] ?? '?')}`;
  return [
    [text(destination['name']), ping, address, ...resultCells(icmp, icmp['rttMs'])],
    ['', connect, address, ...resultCells(tcp, tcp['connectMs'])],
  ];
}

function isSkipped({ skipped }: Fields): boolean {
  return typeof skipped === 'string';
}

function resultCells(measured: Fields, times: Json | undefined): string[] {
  if (isSkipped(measured)) return [...TIMES.map(() => '-'), '-', 'not measured'];
  return [
    ...TIMES.map((name) => milliseconds(fieldsOf(times)[name])),
    lossOf(measured),
    `${sparkline(listOf(measured['histogram']).map(count))}${note(measured)}`,
  ];
}

function lossOf({ lossPercent, tries, unanswered, failed }: Fields): string {
  if (lossPercent === 100) return 'no reply';
  if (typeof lossPercent === 'number') return `${lossPercent} %`;
  if (count(tries) === 0) return '-';
  const percent = ((count(unanswered) + count(failed)) / count(tries)) * 100;
  // Something that is lost is never shown as nothing.
  return percent > 0 && percent < 1 ? '<1 %' : `${Math.round(percent)} %`;
}

/** A port that nobody listens on still times the way: its refusal is an answer. */
function note({ refused, tries }: Fields): string {
  return count(refused) > 0 && count(refused) === count(tries) ? ' refused' : '';
}

function count(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function milliseconds(value: Json | undefined): string {
  if (typeof value !== 'number') return '-';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
