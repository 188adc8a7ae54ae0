import type { Occurrence } from '../../../model/finding.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { issuerNotSent, type TlsFacts, type TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-003',
  title: 'The server does not send the certificate of its issuer',
  severities: ['critical', 'info'],
  meaning:
    'The server presents its own certificate alone, and the one that signed it is not in the trust store of the image. Browsers fetch or remember what is missing; most programs do not, and report "unable to get local issuer certificate" or "unable to verify the first certificate". Clients that have the issuer as an authority of their own, as those of a private authority do, are content.',
  rule: 'One certificate is sent, it is not self-signed, and openssl does not find its issuer (error 20 or 21). Where the certificate says where its issuer is to be fetched (CA Issuers), as those of an intermediate authority do, it is critical, else an info.',
  source:
    'RFC 5246, 7.4.2, and RFC 8446, 4.4.2: each certificate certifies the one before it; only the root may be left out',
  remedy:
    'Configure the server with the whole chain, its own certificate first (fullchain.pem; tls.crt of cert-manager has it). Where the issuer is a private root, give it to the clients instead.',
} as const;

function judge(path: TlsPath): Occurrence[] {
  const leaf = issuerNotSent(path);
  if (!leaf) return [];
  const { label, host, port } = path.server.destination;
  return [
    occurrence(
      meta,
      leaf.caIssuers === undefined ? 'info' : 'critical',
      `${label} (${host}:${port}) sends one certificate, signed by ${leaf.issuer}, and not that of its issuer: clients that do not have ${leaf.issuer} refuse it.`,
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
