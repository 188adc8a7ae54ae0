import { advice, kubectl } from '../../../model/advice.ts';
import type { Destination } from '../../../model/destination.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Severity } from '../../../model/report.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { Certificate, TlsAnswer } from '../../../parsers/tls.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { least } from '../../shared/statistics.ts';
import { formatDays, formatTime, isTrusted, type TlsFacts, type TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-001',
  title: 'The certificate is not valid: expired, not yet valid, or for another name',
  severities: ['critical', 'info'],
  meaning:
    'The server presents a certificate that clients refuse. They connect, and then report a certificate error; a client that checks nothing works, which hides it.',
  rule: "By the target's clock, a certificate of the chain has expired or is not valid yet; or the server's own is for none of the names that clients use for this destination (critical). Of an authority's certificate that has expired, an info where openssl trusts the chain without it, as that of a cross-signed one. It expires within 14 days (info; --expire-days sets the limit).",
  source:
    'RFC 5280, 4.1.2.5 (validity) and RFC 9525 (names), as openssl x509 -checkhost and -checkip have them; 14 days: ours',
  remedy: advice`Renew the certificate and make the server load it: many read it once, at start. With cert-manager: ${kubectl`describe certificate`}. For a wrong name, see that the name asked for (SNI) is one that the server knows; of an ingress controller, that an Ingress has this host in spec.tls, and that its Secret is there, in the same namespace, and of the right name.`,
} as const;

/** What is wrong with the times of those of the chain that clients need, the server's own certificate first. */
function times(answer: TlsAnswer): string[] {
  const { chain, now } = answer;
  return (isTrusted(answer) ? chain.slice(0, 1) : chain).flatMap((certificate, i) => {
    const whose = i === 0 ? 'its certificate' : `the ${certificate.subject} certificate of its chain`;
    if (now > certificate.notAfter)
      return [
        `${whose} expired ${formatDays(now - certificate.notAfter)} ago (${formatTime(certificate.notAfter)})`,
      ];
    if (now < certificate.notBefore)
      return [
        `${whose} is not valid before ${formatTime(certificate.notBefore)}, in ${formatDays(certificate.notBefore - now)} by the clock of the target (${formatTime(now)}): either it is too new, or that clock is behind`,
      ];
    return [];
  });
}

function otherName({ names, chain: [leaf] }: TlsAnswer, { ref, service }: Destination): string[] {
  if (!leaf || names.length === 0 || names.some(({ matches }) => matches)) return [];
  const asked = names.map(({ name }) => name).join(' or ');
  const isAlias = ref?.kind === 'service' && service === undefined;
  const whose = isAlias ? `, as which clients know it by the alias svc/${ref.name}` : '';
  const standIn = STAND_INS.find(({ subject }) => subject.test(leaf.subject));
  const why =
    standIn === undefined
      ? ''
      : `: it is the one that ${standIn.of} presents where it has none for the name that is asked for`;
  return [`its certificate is for ${called(leaf)} and not for ${asked}${whose}${why}`];
}

/** What ingress controllers present for a name that they have no certificate for. */
const STAND_INS = [
  { subject: /Kubernetes Ingress Controller Fake Certificate/, of: 'ingress-nginx' },
  { subject: /TRAEFIK DEFAULT CERT/, of: 'Traefik' },
] as const;

function called(leaf: Certificate): string {
  if (leaf.names.length === 0) return `${leaf.subject || 'no name'} (no alternative name)`;
  const more = leaf.names.length > 4 ? ` and ${leaf.names.length - 4} more` : '';
  return `${leaf.names.slice(0, 4).join(', ')}${more}`;
}

/** What is no fault yet, or none for clients that know another way. */
function soon({ chain, now }: TlsAnswer, days: number): string[] {
  const valid = chain.filter(({ notAfter }) => notAfter >= now);
  const old = chain.find(({ notAfter }) => notAfter < now);
  const next = least(valid.map(({ notAfter }) => notAfter));
  return [
    ...(next !== undefined && next - now <= days * 86_400
      ? [`a certificate of its chain expires in ${formatDays(next - now)} (${formatTime(next)})`]
      : []),
    ...(old === undefined
      ? []
      : [
          `the ${old.subject} certificate of its chain expired ${formatDays(now - old.notAfter)} ago (${formatTime(old.notAfter)}), which clients that know another way to an authority do not need, as this one; older ones may`,
        ]),
  ];
}

function judge(path: TlsPath, days: number): Occurrence[] {
  const answer = path.answer.value;
  if (!answer || answer.chain.length === 0) return [];
  const wrong = [...times(answer), ...otherName(answer, path.server.destination)];
  const words = wrong.length > 0 ? wrong : soon(answer, days);
  if (words.length === 0) return [];
  const { label, host, port } = path.server.destination;
  const severity: Severity = wrong.length > 0 ? 'critical' : 'info';
  return [
    occurrence(
      meta,
      severity,
      `${label} (${socketAddress(host, port)}): ${words.join('; ')}.`,
      quote(
        path.result,
        /^(now|certificate|subject|issuer|notBefore|notAfter|name) ?|^\s+(DNS|IP Address):/,
        12,
      ),
      { subject: label },
    ),
  ];
}

export const certificate: Rule<TlsFacts> = {
  meta,
  judge: ({ paths, expireDays }) =>
    byEndpoint(
      paths.map((path) => ({
        destination: path.server.destination,
        findings: judge(path, expireDays),
      })),
    ),
};
