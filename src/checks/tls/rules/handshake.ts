import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-002',
  title: 'The connection is made, but no TLS handshake',
  severities: ['critical'],
  meaning:
    'The server accepts the connection and then speaks no TLS, refuses what the client offers, or says nothing. The network has done its part as far as small packets go.',
  rule: 'openssl s_client connects and gets no certificate.',
  source: "openssl's own words; RFC 8446, section 6 (alerts)",
  remedy: advice`See that the port is the one that speaks TLS, that the name asked for (SNI) is known to the server, and which versions it takes: ${nettools`run ${TARGET} -- openssl s_client -connect HOST:PORT -servername NAME`}.`,
} as const;

/** openssl's reasons in words that say what to do. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long|record layer failure/,
    'it does not speak TLS on this port (plain HTTP?)',
  ],
  [/unrecognized name|alert unrecognized/, 'it does not know the name that was asked for (SNI)'],
  [/protocol version|unsupported protocol|no protocols/, 'it takes no TLS version that the client has'],
  [/handshake failure/, 'it refuses the handshake: no cipher in common, or no certificate for this name'],
  [/certificate required|bad certificate/, 'it wants a certificate of the client'],
  [/unexpected eof|Connection reset|errno=104/, 'it closes the connection during the handshake'],
  [/no answer/, 'it does not answer at all; large packets may get lost on the way (the mtu check tells)'],
];

function judge({ server: { destination }, answer: { value }, result }: TlsPath): Occurrence[] {
  if (!value?.isConnected || value.chain.length > 0) return [];
  const said = value.problems.join('; ') || 'it presents no certificate';
  const known = REASONS.find(([pattern]) => pattern.test(said))?.[1];
  // What it says of an answer that did not come are the probe's own words.
  const quoted = said.startsWith('no answer') ? '' : `, openssl says "${value.problems[0]}"`;
  const words = known === undefined ? said : `${known}${quoted}`;
  return [
    occurrence(
      meta,
      'critical',
      `${destination.label} (${destination.host}:${destination.port}) takes the connection, but ${words}.`,
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
