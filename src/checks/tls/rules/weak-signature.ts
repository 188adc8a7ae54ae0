import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { isTrusted, type TlsFacts, type TlsPath } from '../facts.ts';

/** As openssl calls them: `RSA-SHA1`, since 3.2 `sha1WithRSAEncryption`, `ecdsa-with-SHA1`, `RSA-MD5`. */
const BROKEN = /(sha-?1|md[245])(?!\d)/i;

const meta = {
  id: 'NT-TLS-005',
  title: 'A certificate is signed in a way that clients no longer accept',
  severities: ['critical'],
  meaning:
    'A certificate of the chain is signed with SHA-1 or MD5, of which signatures can be forged. Browsers, Go since 1.18, OpenSSL 3 and Python, curl and others above it refuse it; in Go the error is "x509: certificate signed by unknown authority (possibly because of \\"x509: cannot verify signature: insecure algorithm SHA1-RSA\\")". The API server is a Go client, of webhooks and of aggregated APIs.',
  rule: "The signature algorithm of a certificate of the chain is one with SHA1, MD5, MD4 or MD2. Not where it is self-signed (what signs itself is trusted by what it is, and its signature not looked at), nor where it is an authority's and openssl trusts the chain: clients find another way then, as with cross-signed certificates for old ones. openssl before 3 does not tell the algorithm.",
  source: 'RFC 9155; Go 1.18 release notes, crypto/x509; openssl: SSL_CTX_set_security_level(3)',
  remedy:
    'Sign it anew with SHA-256 (openssl x509 -req -sha256 …, openssl ca -md sha256), by the same authority, and make the server load it. Of a script that makes certificates for webhooks: the flag -sha1 has to go.',
} as const;

function judge(path: TlsPath): Occurrence[] {
  const { label, host, port } = path.server.destination;
  const { value } = path.answer;
  if (value === undefined) return [];
  // Of a way that it trusts openssl looks at the signatures, too (security level 1 and up).
  const looked = isTrusted(value) ? value.chain.slice(0, 1) : value.chain;
  const weak = looked.flatMap(({ subject, issuer, signature }, i) =>
    subject !== issuer && signature !== undefined && BROKEN.test(signature)
      ? [
          `${i === 0 ? 'its certificate' : `the ${subject} certificate of its chain`} is signed with ${signature}`,
        ]
      : [],
  );
  if (weak.length === 0) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${label} (${socketAddress(host, port)}): ${weak.join('; ')}, which clients no longer accept.`,
      quote(path.result, /^(signature|certificate|subject|issuer) ?/, 8),
      { subject: label },
    ),
  ];
}

export const weakSignature: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
