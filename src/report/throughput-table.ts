/** The measurements of the throughput check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { plainTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

type Fields = { readonly [key: string]: Json };

const HEAD = ['DESTINATION', 'ADDRESS', 'MBIT/S', 'EXPECTED', 'SENT AGAIN', 'RTT', 'CPU'];

/** One row a destination; `undefined` when there is none. */
export function throughputTable(check: CheckResult, paint: Palette): string | undefined {
  const destinations = check.measurements['destinations'];
  if (!Array.isArray(destinations) || destinations.length === 0) return undefined;
  const rows = destinations.map((destination) => row(destination as Fields));
  const [head = '', ...lines] = plainTable(HEAD, rows, [2, 3, 4, 5, 6]).split('\n');
  return [paint.bold(head), ...lines].join('\n');
}

function row(path: Fields): string[] {
  const number = (name: string, scale: number, digits: number, unit: string): string => {
    const value = path[name];
    return typeof value === 'number' ? `${(value / scale).toFixed(digits)}${unit}` : '-';
  };
  return [
    visible(String(path['name'])),
    visible(`${path['address']}:${path['port']}`),
    number('bitsPerSecond', 1e6, 0, ''),
    number('expectedBitsPerSecond', 1e6, 0, ''),
    number('retransmits', 1, 0, ''),
    number('rttMs', 1, 1, ' ms'),
    number('cpuPercent', 1, 0, ' %'),
  ];
}
