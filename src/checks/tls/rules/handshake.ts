import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { HandshakeFailure, TlsAnswer } from '../../../parsers/tls.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { NOT_ITS_SIZE, type SmallSegments, stallsWhenSmall, wayBackOf } from '../../shared/small-segments.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-002',
  title: 'The connection is made, but the TLS handshake fails',
  severities: ['critical'],
  meaning:
    'The server accepts the connection but then speaks no TLS, refuses what the client offers, or stays silent. As far as small packets go, the network is fine.',
  rule: 'openssl s_client connects and gets no certificate. Where its openssl offers post-quantum groups (3.5), it tries once more without, and where that succeeds again with them: the groups are told of where that fails once more.',
  source:
    "openssl's own words; RFC 8446, section 6 (alerts); draft-ietf-tls-ecdhe-mlkem (a key share of 1216 bytes); tldr.fail",
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

/** Of a server that does not answer, what is known of the size of its packets. */
function withSize(reason: string, small: SmallSegments | undefined): string {
  if (wayBackOf(small) !== undefined) return 'its answer is lost on the way back, as its large packets are';
  return stallsWhenSmall(small) ? `it does not answer at all; ${NOT_ITS_SIZE}` : reason;
}

/** What became of the large one. */
function firstOf({ failure, problems }: TlsAnswer): string {
  return failure === 'no-answer'
    ? 'the first gets no answer within 6 s'
    : `openssl says "${problems[0]}" of the first`;
}

const SMALL_HELLO =
  "The server, or a proxy or firewall before it, decides by the first segment of the client's hello, and takes one of two segments for broken: update it (tldr.fail has a list), or let it wait for the whole hello (HAProxy: tcp-request inspect-delay with req.ssl_hello_type). Until then clients can leave the group out: Groups = X25519:P-256 in openssl.cnf, GODEBUG=tlsmlkem=0 for Go, curl --curves X25519:P-256.";

function judge({ server: { destination }, answer: { value }, result, small }: TlsPath): Occurrence[] {
  if (!value?.isConnected || value.chain.length > 0) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${destination.label} (${socketAddress(destination.host, destination.port)}) takes the connection, but ${value.takesSmallHello ? `fails when the client offers post-quantum groups (X25519MLKEM768), whose hello takes more than one segment, and succeeds without them: ${firstOf(value)}` : withSize(reasonOf(value), small)}.`,
      quote(result, /^(connected|handshake|small-hello)/, 5),
      {
        subject: destination.label,
        ...(value.takesSmallHello ? { remediation: SMALL_HELLO } : {}),
      },
    ),
  ];
}

export const handshake: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
