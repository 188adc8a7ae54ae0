/** The measurements of the mtu check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { plainTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

type Fields = { readonly [key: string]: Json };

const HEAD = ['DESTINATION', 'ADDRESS', 'INTERFACE', 'MAY SEND', 'GETS THROUGH', 'TCP', 'TOLD BY'];

/** One row a destination; `undefined` when there is none. */
export function mtuTable(check: CheckResult, paint: Palette): string | undefined {
  const destinations = check.measurements['destinations'];
  if (!Array.isArray(destinations) || destinations.length === 0) return undefined;
  const rows = destinations.map((destination) => row(destination as Fields));
  const [head = '', ...lines] = plainTable(HEAD, rows, [3, 4]).split('\n');
  return [paint.bold(head), ...lines].join('\n');
}

function row(path: Fields): string[] {
  const text = (name: string): string => visible(String(path[name] ?? '-'));
  const through = path['pathMtu'] ?? (path['skipped'] === undefined ? 'no reply' : '-');
  return [
    text('name'),
    text('address'),
    text('device'),
    text('allowedMtu'),
    String(through),
    transfer(path['transfer']),
    text('announcedBy'),
  ];
}

function transfer(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return '-';
  const { outcome, mss } = value as Fields;
  if (typeof outcome !== 'string') return 'not measured';
  return typeof mss === 'number' ? `${outcome} (mss ${mss})` : outcome;
}
