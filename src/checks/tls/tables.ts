/** What the tls check measured, as a table: a row for each server. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, left, listOf, recordsOf, right, text } from '../shared/cells.ts';

const COLUMNS = [
  left('DESTINATION'),
  right('PORT'),
  left('PROTOCOL'),
  left('ALPN'),
  left('NAME'),
  left('EXPIRES'),
  right('DAYS'),
  left('ISSUER'),
  left('TRUST IN THE IMAGE'),
];

/** OpenSSL's word for a chain that it trusts. */
const TRUSTED = '0 (ok)';

export function tlsTables({ servers }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(servers).map(row) }];
}

function row(server: Fields): string[] {
  const { name, port, protocol, alpn, notAfter, daysLeft, issuer, trust } = server;
  return [
    text(name),
    text(port),
    text(protocol),
    text(alpn),
    certificateName(server),
    text(notAfter),
    text(daysLeft),
    text(issuer),
    trust === TRUSTED ? 'ok' : text(trust),
  ];
}

/** The name that the certificate is for, of those that clients use; else what it is for instead. */
function certificateName({ names, alternativeNames, subject }: Fields): string {
  const match = recordsOf(names).find(({ matches }) => matches === true);
  return text(match ? match['name'] : (listOf(alternativeNames)[0] ?? subject));
}
