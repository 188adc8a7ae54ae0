/** The measurements of the tls check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { plainTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

type Fields = { readonly [key: string]: Json };

const HEAD = ['DESTINATION', 'PORT', 'PROTOCOL', 'NAME', 'EXPIRES', 'DAYS', 'ISSUER', 'TRUST IN THE IMAGE'];

/** One row a server; `undefined` when there is none. */
export function tlsTable(check: CheckResult, paint: Palette): string | undefined {
  const servers = check.measurements['servers'];
  if (!Array.isArray(servers) || servers.length === 0) return undefined;
  const rows = servers.map((server) => row(server as Fields));
  const [head = '', ...lines] = plainTable(HEAD, rows, [1, 5]).split('\n');
  return [paint.bold(head), ...lines].join('\n');
}

function row(server: Fields): string[] {
  const text = (name: string): string => visible(String(server[name] ?? '-'));
  return [
    text('name'),
    text('port'),
    text('protocol'),
    nameOf(server),
    text('notAfter'),
    text('daysLeft'),
    text('issuer'),
    text('trust').replace(/^0 \(ok\)$/, 'ok'),
  ];
}

/** The name that the certificate is for, of those that clients use; else what it is for instead. */
function nameOf(server: Fields): string {
  const names = Array.isArray(server['names']) ? (server['names'] as readonly Fields[]) : [];
  const match = names.find((name) => name['matches'] === true);
  if (match) return visible(String(match['name']));
  const others = Array.isArray(server['alternativeNames']) ? server['alternativeNames'] : [];
  return visible(String(others[0] ?? server['subject'] ?? '-'));
}
