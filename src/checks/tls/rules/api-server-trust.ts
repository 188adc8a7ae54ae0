import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { Certificate, TlsAnswer } from '../../../parsers/tls.ts';
import type { VerifiedChain } from '../../../parsers/verified-chain.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint, onceForService } from '../../shared/service-story.ts';
import { type Caller, isTrusted, type TlsFacts, type TlsPath, type VerifiedCaller } from '../facts.ts';

const meta = {
  id: 'NT-TLS-009',
  title: 'The API server does not trust the webhook or the API behind this Service',
  severities: ['critical', 'warning'],
  meaning:
    'The API server calls this Service (an admission webhook, the conversion of a custom resource, an aggregated API), and trusts none but the authorities in the caBundle of the object that says so. The certificate that is served does not lead to one of these, or is for another name, so each call fails: "failed calling webhook … x509: certificate signed by unknown authority". Whatever the object is for is refused then, often the creation of all pods. Other clients may well accept the certificate, and the Service looks healthy.',
  rule: 'DEST is a Service (svc/NAME:PORT, or NAME.NAMESPACE.svc:PORT). A webhook with rules of a MutatingWebhookConfiguration or ValidatingWebhookConfiguration, the conversion of a CustomResourceDefinition of more than one version, or an APIService without insecureSkipTLSVerify names it and this port (443 where it names none), and by the rules of crypto/x509 its caBundle does not lead to the chain that is served for NAME.NAMESPACE.svc: no certificate in it is the one that is served, or has signed the chain and is an authority, valid by the clock of the target and for servers; or the certificate has no such alternative name (its CN does not count) while NT-TLS-001 is silent. With an empty caBundle, neither the authorities of the image nor those that Node comes with have signed it. A warning where failurePolicy is Ignore, and where an empty caBundle is all that is wrong, nobody is told by an annotation to fill it in, and the certificate is not self-signed: the machine of the API server may know the authority. That the certificate itself has expired is NT-TLS-001.',
  source:
    'k8s.io/apiserver/pkg/util/webhook (the server name is NAME.NAMESPACE.svc), kube-aggregator, and Go, crypto/x509 Certificate.Verify, which both use',
  remedy: advice`Bring the caBundle and the certificate together; which of them is old, the times of both say. Where the program behind the Service makes its own authority, restart its Deployment: it writes the caBundle, and reads its Secret, at start. With cert-manager, see that the object has the annotation cert-manager.io/inject-ca-from: NAMESPACE/CERTIFICATE and that the cainjector runs (${kubectl`get pods -A -l app.kubernetes.io/component=cainjector`}). Where a chart or GitOps writes the caBundle, let it leave that field alone, or each sync puts the old one back. For the name, have NAME.NAMESPACE.svc among the alternative names (dnsNames).`,
} as const;

/** Why a caller refuses what is served. */
interface Refusal {
  readonly caller: Caller;
  /** Follows the caller's name. */
  readonly words: string;
  /** As the API server's log has it. */
  readonly error: string;
  /** The machine of the API server may know better. */
  readonly isDoubtful: boolean;
  readonly evidence: readonly Quote[];
}

function refusalOf(
  { caller, chain: { value }, result }: VerifiedCaller,
  path: TlsPath,
  answer: TlsAnswer,
): Refusal | undefined {
  const [leaf] = answer.chain;
  if (leaf === undefined || value === undefined) return undefined;
  const chain = bundleRefusal(caller, value, answer, leaf);
  if (chain !== undefined) {
    const served = quote(path.result, /^(subject|issuer|notBefore|verify)\b/, 4);
    return { caller, isDoubtful: false, ...chain, evidence: [...quote(result, /./, 5), ...served] };
  }
  const name = nameRefusal(answer, leaf, path.server.sni);
  const served = quote(path.result, /^(certificate|subject|name)\b|^\s+(DNS|IP Address):/, 6);
  return name && { caller, isDoubtful: false, ...name, evidence: served };
}

type Reason = Pick<Refusal, 'words' | 'error'> & { readonly isDoubtful?: boolean };

const UNKNOWN = 'x509: certificate signed by unknown authority';

function bundleRefusal(
  { bundle, injector }: Caller,
  { verdict, bundle: found }: VerifiedChain,
  answer: TlsAnswer,
  leaf: Certificate,
): Reason | undefined {
  if (verdict === 'trusted' || isOutOfTime(answer)) return undefined;
  if (verdict === 'not-for-servers')
    return {
      words: 'is called by TLS, and the certificate names other uses than that of a server',
      error: 'x509: certificate specifies an incompatible key usage',
    };
  if (bundle === undefined) {
    if (isTrusted(answer)) return undefined;
    const isOwn = leaf.subject === leaf.issuer;
    return {
      words: `has no caBundle${injector === undefined ? '' : `, though ${injector} is told to fill it in`}, and the certificate is ${isOwn ? 'self-signed' : `signed by ${leaf.issuer}, which machines do not know by themselves`}`,
      error: UNKNOWN,
      isDoubtful: injector === undefined && !isOwn,
    };
  }
  if (verdict === 'no-certificate')
    return { words: 'has a caBundle without a certificate in it', error: 'unable to load root certificates' };
  const [first] = found;
  if (first === undefined) return undefined;
  const others = found.length > 1 ? ` and ${found.length - 1} more` : '';
  const holds = `has a caBundle of ${first.name}`;
  switch (first.relation) {
    case 'expired':
    case 'early':
      return {
        words: `${holds}, which has signed the chain and is ${first.relation === 'expired' ? `valid until ${first.notAfter} alone` : 'not valid yet'}`,
        error: 'x509: certificate has expired or is not yet valid',
      };
    case 'no-authority':
      return {
        words: `${holds}, which has signed the chain and is no authority by its basicConstraints or keyUsage`,
        error: UNKNOWN,
      };
    case 'other-use':
      return {
        words: `${holds}, which has signed the chain and is not for servers (extendedKeyUsage)`,
        error: 'x509: certificate specifies an incompatible key usage',
      };
    case 'other-key':
      return {
        words: `${holds}, which has the name of who signed the certificate and another key: it was made anew, and the caBundle or the server has the old one`,
        error: UNKNOWN,
      };
    case 'other':
      return {
        words: `${holds}${others}, and the certificate is ${leaf.subject === leaf.issuer ? `self-signed (${leaf.subject})` : `signed by ${leaf.issuer}`}`,
        error: UNKNOWN,
      };
  }
}

/** As Go has it, and where no other finding has told it: a certificate for none of the Service's names is NT-TLS-001. */
function nameRefusal({ names }: TlsAnswer, leaf: Certificate, wanted: string): Reason | undefined {
  if (names.length > 0 && !names.some(({ matches }) => matches)) return undefined;
  if (leaf.names.some((pattern) => isFor(pattern, wanted))) return undefined;
  const [first = '', ...more] = leaf.names;
  return leaf.names.length === 0
    ? {
        words: `asks for ${wanted}, and the certificate has no alternative name (the CN of ${leaf.subject} does not count)`,
        error: 'x509: certificate relies on legacy Common Name field, use SANs instead',
      }
    : {
        words: `asks for ${wanted}, and the certificate is for ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`,
        error: `x509: certificate is valid for ${first}, not ${wanted}`,
      };
}

/** crypto/x509, matchHostnames: a wildcard stands for the whole of the first part. */
function isFor(pattern: string, name: string): boolean {
  const [wanted, own] = [pattern, name].map((one) => one.toLowerCase().replace(/\.$/, '').split('.'));
  return (
    wanted?.length === own?.length &&
    wanted?.every((part, i) => part === own?.[i] || (i === 0 && part === '*')) === true
  );
}

/** One of the chain but the server's own is out of its time: that is NT-TLS-001, whatever the caBundle is. */
function isOutOfTime({ chain, now }: TlsAnswer): boolean {
  return chain.slice(1).some(({ notBefore, notAfter }) => now < notBefore || now > notAfter);
}

function judge(path: TlsPath): Occurrence[] {
  const answer = path.answer.value;
  if (answer === undefined || path.verified.length === 0) return [];
  const refusals = path.verified.flatMap((one) => refusalOf(one, path, answer) ?? []);
  const [first] = refusals;
  if (first === undefined) return [];
  const isGrave = refusals.some(({ caller, isDoubtful }) => caller.isIgnored !== true && !isDoubtful);
  const { label, host, port } = path.server.destination;
  return [
    occurrence(
      meta,
      isGrave ? 'critical' : 'warning',
      `The API server does not trust ${label} (${socketAddress(host, port)}): ${sentences(refusals)}.`,
      first.evidence,
      { subject: label },
    ),
  ];
}

/** A configuration may have a dozen webhooks. */
const MOST_TOLD = 3;

/** What is said of several alike is said once. */
function sentences(refusals: readonly Refusal[]): string {
  const groups = new Map<string, Refusal[]>();
  for (const one of refusals) {
    const { kind, name, isIgnored = false } = one.caller;
    const key = JSON.stringify([kind, name, isIgnored, one.words]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  // The gravest first.
  const all = [...groups.values()].sort((a, b) => weight(a) - weight(b));
  const more = all.length > MOST_TOLD ? `; ${all.length - MOST_TOLD} more are alike` : '';
  return `${all
    .slice(0, MOST_TOLD)
    .map((group) => sentence(group))
    .join('; ')}${more}`;
}

function weight([one]: readonly Refusal[]): number {
  return (one?.caller.isIgnored === true ? 1 : 0) + (one?.isDoubtful === true ? 1 : 0);
}

function sentence(group: readonly Refusal[]): string {
  const [one] = group;
  if (one === undefined) return '';
  const { kind, name } = one.caller;
  const hooks = group.flatMap(({ caller }) => caller.webhook ?? []);
  const shown = hooks.slice(0, MOST_TOLD).join(', ');
  const rest = hooks.length > MOST_TOLD ? ` and ${hooks.length - MOST_TOLD} more` : '';
  const which = hooks.length === 0 ? '' : ` (${hooks.length === 1 ? 'webhook' : 'webhooks'} ${shown}${rest})`;
  const doubt = one.isDoubtful ? ', unless the machine of the API server knows that authority' : '';
  return `${kind} ${name}${which} ${one.words}: calls fail with "${one.error}", ${consequence(one.caller)}${doubt}`;
}

function consequence({ kind, isIgnored }: Caller): string {
  if (isIgnored === true) return 'and are passed over (failurePolicy: Ignore)';
  if (kind === 'APIService') return 'and the API is not available (FailedDiscoveryCheck)';
  if (kind === 'CustomResourceDefinition') return 'and so do requests for its objects';
  return 'and so do all requests that it is for (failurePolicy: Fail)';
}

export const apiServerTrust: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) => {
    const found = paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }));
    const destinations = found.map(({ destination }) => destination);
    // Of all alike it is one story of the Service; of some endpoints, theirs.
    const told = onceForService(
      found.flatMap(({ findings }) => findings),
      destinations,
    );
    return byEndpoint(
      destinations.map((destination) => ({
        destination,
        findings: told.filter(({ subject }) => subject === destination.label),
      })),
    );
  },
};
