/** NT-TLS-006 and NT-TLS-007: a certificate that came, and a handshake that no client of today takes. */
import { describe, expect, it } from 'vitest';
import { judgeTls } from '../../../../src/checks/tls/judge.ts';
import { destination, evidence, result } from '../results.ts';

const CERTIFICATE = `certificate 0
subject=CN=shop.example.com
issuer=CN=Corp CA
notBefore=Nov 30 16:00:15 2026 GMT
notAfter=Dec 30 16:00:15 2036 GMT
`;

function named(head: string, to: Parameters<typeof destination>[0] = {}): readonly string[] {
  const servers = [{ destination: destination(to), sni: 'shop.example.com', names: [] }];
  const printed = `now 1800000000\nconnected\n${head}verify 0 (ok)\n${CERTIFICATE}`;
  return judgeTls(evidence({ 'to0-tls': result(printed) }), { servers, starttls: '', expireDays: 14 })
    .findings.filter(({ id }) => /^NT-TLS-00[67]$/.test(id))
    .map(({ id, severity, summary }) => `${id} ${severity}: ${summary.replace(/^[^[]*?\) /, '')}`);
}

const SIGALG =
  'unfinished 40C735E9C67F0000:error:0A00014D:SSL routines:tls_process_key_exchange:legacy sigalg disallowed or unsupported:../ssl/statem/statem_clnt.c:2254:\n';

describe('a handshake that fails after the certificate', () => {
  it.each([
    ['TLS 1.2', 'protocol TLSv1.2\n', []],
    ['TLS 1.3, which openssl names twice', 'protocol TLSv1.3\nprotocol TLSv1.3\n', []],
    [
      'TLS 1.1 that this client still takes',
      'protocol TLSv1.1\nprotocol TLSv1.0\n',
      [
        'NT-TLS-006 critical: has no version of TLS above TLSv1.1: this client still takes it, others do not.',
      ],
    ],
    [
      'TLS 1.1 that it refuses',
      `${SIGALG}protocol TLSv1.1\n`,
      [
        'NT-TLS-006 critical: has no version of TLS above TLSv1.1: the handshake fails, openssl says "legacy sigalg disallowed or unsupported".',
      ],
    ],
    [
      'TLS 1.2 that comes to no end',
      `${SIGALG}protocol TLSv1.2\n`,
      [
        'NT-TLS-007 critical: presents a certificate, and the handshake fails after it: openssl says "legacy sigalg disallowed or unsupported".',
      ],
    ],
    [
      'TLS 1.2 that is ended without a word, after it asked for a client certificate',
      'unfinished write:errno=104\nprotocol TLSv1.2\nasks-certificate\n',
      [
        'NT-TLS-007 info: presents a certificate, and the handshake fails after it: openssl says "write:errno=104"; the server had asked for a certificate of its client, which this one has not: it may have ended the connection for that.',
      ],
    ],
    [
      'TLS 1.2 that is ended without a word by a server that asks for none',
      'unfinished write:errno=104\nprotocol TLSv1.2\n',
      [
        'NT-TLS-007 critical: presents a certificate, and the handshake fails after it: openssl says "write:errno=104".',
      ],
    ],
    [
      'a client certificate that is missing, which is NT-TLS-004',
      `${SIGALG}protocol TLSv1.2\nwants-certificate tlsv13 alert certificate required\n`,
      [],
    ],
  ])('%s', (_what, head, expected) => {
    expect(named(head)).toEqual(expected);
  });
});

it.each([
  ['006', 'TLSv1.1'],
  ['007', 'TLSv1.2'],
])('NT-TLS-%s has an address of IPv6 in brackets', (_id, version) => {
  const [told] = named(`${SIGALG}protocol ${version}\n`, { label: 'shop', host: '2001:db8::9', port: '443' });
  expect(told).toContain('shop ([2001:db8::9]:443) ');
});
