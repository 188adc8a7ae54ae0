import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { HandshakeFailure, TlsAnswer } from '../../../parsers/tls.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-002',
  title: 'The connection is made, but the TLS handshake fails',
  severities: ['critical'],
  meaning:
    'The server accepts the connection but then speaks no TLS, refuses what the client offers, or stays silent. As far as small packets go, the network is fine.',
  rule: 'openssl s_client connects and gets no certificate.',
  source: "openssl's own words; RFC 8446, section 6 (alerts)",
  remedy: advice`See that the port is the one that speaks TLS, that the name asked for (SNI) is known to the server, and which versions it takes: ${nettools`run ${TARGET} -- openssl s_client -connect HOST:PORT -servername NAME`}.`,
} as const;

const REASONS: Readonly<Record<HandshakeFailure, string>> = {
  'not-tls': 'it does not speak TLS on this port (plain HTTP?)',
  'no-name': 'it does not know the name that was asked for (SNI)',
  'no-version': 'it accepts none of the TLS versions that the client has',
  refused: 'it refuses the handshake: no cipher in common, or no certificate for this name',
  'client-certificate': 'it asks for a client certificate',
  closed: 'it closes the connection during the handshake',
  'no-answer': 'it does not answer at all; large packets may get lost on the way (see the mtu check)',
};

function reasonOf({ failure, problems }: TlsAnswer): string {
  if (failure === undefined) return problems.join('; ') || 'it presents no certificate';
  // Of an answer that did not come openssl says nothing.
  return failure === 'no-answer' ? REASONS[failure] : `${REASONS[failure]}, openssl says "${problems[0]}"`;
}

function judge({ server: { destination }, answer: { value }, result }: TlsPath): Occurrence[] {
  if (!value?.isConnected || value.chain.length > 0) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${destination.label} (${destination.host}:${destination.port}) takes the connection, but ${reasonOf(value)}.`,
      quote(result, /^(connected|handshake)/, 4),
      { subject: destination.label },
    ),
  ];
}

export const handshake: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
