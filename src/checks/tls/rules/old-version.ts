import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';

/** As openssl calls those before 1.2. */
const OLD = /^(SSLv[23]|TLSv1(\.[01])?)$/;

const meta = {
  id: 'NT-TLS-006',
  title: 'The server speaks no version of TLS that clients still accept',
  severities: ['critical'],
  meaning:
    'Client and server agree on the newest version that both have, and here that is TLS 1.1 or older: the server has none that is newer. Browsers, Go since 1.18, Java since 2021, OpenSSL 3 as distributions and images set it up, and what is above it (curl, Python, Ruby, PHP) refuse it: "unsupported protocol", "legacy sigalg disallowed or unsupported", "tlsv1 alert protocol version", "internal error". A client with an older or more lenient library connects all the same.',
  rule: 'openssl s_client offers all that its library has, and the server answers with SSLv3, TLS 1.0 or TLS 1.1, whether or not the handshake comes to its end. Where it answers with none, it is NT-TLS-002.',
  source: 'RFC 8996; OpenSSL 3.0 migration guide (signatures with SHA-1); Go 1.18 release notes',
  remedy:
    'Let the server speak TLS 1.2 or newer (nginx: ssl_protocols TLSv1.2 TLSv1.3; Apache: SSLProtocol; openssl.cnf: MinProtocol; an appliance: its firmware). Where it cannot, put a proxy before it that can. A client can be made to take it (openssl: -cipher DEFAULT@SECLEVEL=0), which gives up what TLS is for.',
} as const;

export function isOldVersion({ answer: { value } }: TlsPath): boolean {
  return OLD.test(value?.protocol ?? '');
}

function judge(path: TlsPath): Occurrence[] {
  const {
    server: { destination },
    answer: { value },
    result,
  } = path;
  if (value === undefined || !isOldVersion(path)) return [];
  const { label, host, port } = destination;
  const said =
    value.unfinished === undefined
      ? 'this client still takes it, others do not'
      : `the handshake fails, openssl says "${value.unfinished}"`;
  return [
    occurrence(
      meta,
      'critical',
      `${label} (${socketAddress(host, port)}) has no version of TLS above ${value.protocol}: ${said}.`,
      quote(result, /^(connected|unfinished|protocol)/, 3),
      { subject: label },
    ),
  ];
}

export const oldVersion: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
