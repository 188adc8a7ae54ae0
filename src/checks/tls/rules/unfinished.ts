import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';
import { isOldVersion } from './old-version.ts';

const meta = {
  id: 'NT-TLS-007',
  title: 'The server presents a certificate, and the handshake fails after it',
  severities: ['critical', 'info'],
  meaning:
    'The certificate arrives, so the name, the chain and the dates can be looked at and may all be right, and client and server then do not agree on the rest: the key exchange is too weak for one of them ("dh key too small"), it is signed in a way that one refuses ("legacy sigalg disallowed"), the key that the server signs with does not fit its certificate ("bad signature"), or the server ends the connection. Programs see a failed handshake, whatever a look at the certificate alone says.',
  rule: 'openssl s_client gets a certificate and no cipher ("New, (NONE), Cipher is (NONE)"), the server speaks TLS 1.2 or newer (an older one is NT-TLS-006), and it did not say that a client certificate is missing (NT-TLS-004). An info where it had asked for one and ended the connection without a word: some servers that are well do so. Libraries differ in what they refuse.',
  source: "openssl's own words: ssl/ssl_err.c; SSL_CTX_set_security_level(3)",
  remedy: advice`openssl's words name the part. "dh key too small": a DH group of 2048 bits or more on the server (ssl_dhparam of nginx), or ciphers with ECDHE alone. "sigalg": a certificate and a configuration without SHA-1. "bad signature", "decrypt error": the certificate and the key of the server are not a pair. See the server's log as well: ${nettools`run ${TARGET} -- openssl s_client -connect HOST:PORT -servername NAME`}.`,
} as const;

/** openssl's words for a connection that was ended, by a reset or not, and no alert. */
const ENDED = /errno=|unexpected eof/;
/** Some end the connection without a word (Schannel of Windows), where others send an alert (NT-TLS-004). */
const OR_MISSING =
  '; the server had asked for a certificate of its client, which this one has not: it may have ended the connection for that';

function judge(path: TlsPath): Occurrence[] {
  const { value } = path.answer;
  if (value?.unfinished === undefined || value.wantsCertificate !== undefined || isOldVersion(path))
    return [];
  const { label, host, port } = path.server.destination;
  const isForThat = value.asksCertificate === true && ENDED.test(value.unfinished);
  return [
    occurrence(
      meta,
      isForThat ? 'info' : 'critical',
      `${label} (${socketAddress(host, port)}) presents a certificate, and the handshake fails after it: openssl says "${value.unfinished}"${value.asksCertificate ? OR_MISSING : ''}.`,
      quote(path.result, /^(connected|unfinished|protocol)/, 3),
      { subject: label },
    ),
  ];
}

export const unfinished: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
