import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { issuerNotSent, type TlsFacts, type TlsPath, unknownAuthority } from '../facts.ts';

const meta = {
  id: 'NT-TLS-003',
  title: 'The chain of the certificate does not lead to an authority that clients know',
  severities: ['critical', 'info'],
  meaning:
    'The server presents its own certificate alone, and the one that signed it is not in the trust store of the image. Browsers fetch or remember what is missing; most programs do not, and report "unable to get local issuer certificate" or "unable to verify the first certificate". Clients that have the issuer in their own trust store, as with a private authority, accept it. Where the whole chain is sent, it may end at a root that the image does not have: one of your own, or that of a proxy that opens TLS on the way to a public name.',
  rule: 'One certificate is sent, it is not self-signed, and openssl does not find its issuer (error 20 or 21). Where the certificate says where its issuer is to be fetched (CA Issuers), as those of an intermediate authority do, it is critical, else an info. An info too: more than one certificate is sent, and openssl does not find the last one or its issuer among its authorities (error 2, 19 or 20).',
  source:
    'RFC 5246, 7.4.2, and RFC 8446, 4.4.2: each certificate certifies the one before it; only the root may be left out',
  remedy:
    'Configure the server with the whole chain, its own certificate first (fullchain.pem; tls.crt of cert-manager has it). Where the issuer is a private root, give it to the clients instead (in a container, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or the like, or a CA bundle that is mounted); where a public name has a private root, ask who opens TLS on the way.',
} as const;

function judge(path: TlsPath): Occurrence[] {
  const { label, host, port } = path.server.destination;
  const root = unknownAuthority(path);
  if (root !== undefined)
    return [
      occurrence(
        meta,
        'info',
        `${label} (${socketAddress(host, port)}) sends a chain that ends at ${root}, which is not among the image's authorities: clients that do not have it either refuse the certificate ("unknown authority"). It is a private authority, or something on the way intercepts TLS.`,
        quote(path.result, /^(verify|certificate|subject|issuer) ?/, 8),
        { subject: label },
      ),
    ];
  const leaf = issuerNotSent(path);
  if (!leaf) return [];
  return [
    occurrence(
      meta,
      leaf.caIssuers === undefined ? 'info' : 'critical',
      `${label} (${socketAddress(host, port)}) sends one certificate, signed by ${leaf.issuer}, and not that of its issuer: clients that do not have ${leaf.issuer} refuse it.`,
      quote(path.result, /^(verify|certificate|subject|issuer) ?|CA Issuers/, 6),
      { subject: label },
    ),
  ];
}

export const issuer: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
