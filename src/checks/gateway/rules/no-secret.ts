import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Quote } from '../../../model/report.ts';
import { quote, quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type GatewayFacts, kubectlName, nameOf, type RequestFacts, type Trouble } from '../facts.ts';

type NoSecret = Extract<Trouble, { kind: 'no-secret' }>;

const meta = {
  id: 'NT-GW-008',
  title: 'The certificate that the gateway should serve is not there',
  severities: ['critical'],
  meaning:
    "The Ingress or the listener names a Secret for the host's certificate, and there is none of that name in its namespace, or it names none. Controllers of Ingresses serve a certificate of their own then, which holds for no name that clients ask for, and a Secret of another namespace does not count. A listener of a Gateway may name one of another namespace, where a ReferenceGrant allows it; without a certificate it takes no connections.",
  rule: 'A DEST that is an https URL has a certificate that neither holds nor is for the host, and an Ingress with a rule and a TLS entry for its host names a Secret that the API does not have in its namespace, or none. Likewise, and also where no handshake comes about, all Secrets that a listener of a Gateway names are missing, are in another namespace without a ReferenceGrant for it (all of them may be read, and the controller does not say that they resolve), or its controller makes nothing of them (ResolvedRefs False: InvalidCertificateRef, RefNotPermitted). Not where TLS is passed on, or another Ingress of the host names one that is there, or an annotation names a certificate of the cloud. What is in Secrets is not read.',
  source:
    'Kubernetes documentation, "Ingress", TLS; Gateway API specification: SecretObjectReference, ReferenceGrant, ListenerConditionReason',
  remedy: "Make the Secret in the Ingress's namespace, or name one that is there.",
  explains: { depth: 649, subject: ['NT-TLS', 'NT-SOCK-001'] },
} as const;

function isGateway({ object }: NoSecret): boolean {
  return object.kind === 'Gateway';
}

function saidOf(trouble: NoSecret, host: string): string {
  const { secret, namespace, unusable } = trouble;
  if (secret === undefined)
    return `names no Secret for ${host} (tls: secretName), so the gateway serves its own default certificate`;
  const named = `names Secret ${secret} for ${host}`;
  if (unusable?.isUngranted) return `${named}, which is in ${namespace}, and ${unusable.why}`;
  if (unusable !== undefined) return `${named}, and ${unusable.why}`;
  return isGateway(trouble)
    ? `${named}, which is not in ${namespace}`
    : `${named}, which is not in ${namespace}; the gateway serves another certificate in its place`;
}

/** What became of the request; `undefined`: nothing that a missing certificate explains. */
function fateOf({ isUntrusted, isUnserved }: RequestFacts, trouble: NoSecret): string | undefined {
  if (isUntrusted) return 'has a certificate that does not hold';
  return isUnserved && isGateway(trouble) ? 'gets no TLS connection' : undefined;
}

function proofOf({ secret, namespace, object, unusable }: NoSecret): Quote {
  if (secret === undefined)
    return quoteApi(kubectl`get ${kubectlName(object)} -o yaml`, 'no secretName for it');
  if (unusable?.isUngranted) return quoteApi(kubectl`get referencegrants -n ${namespace}`, 'none allows it');
  return unusable === undefined
    ? quoteApi(kubectl`get secret -n ${namespace} ${secret}`, 'there is no such Secret')
    : quoteApi(kubectl`get ${kubectlName(object)} -o yaml`, unusable.why);
}

function remedyFor(trouble: NoSecret): Advice {
  const { namespace, object, secret = '', unusable } = trouble;
  if (unusable?.isUngranted)
    return advice`Let a ReferenceGrant in ${namespace} allow Gateways of ${object.namespace} to name Secret ${secret}, or name a Secret of the Gateway's own namespace.\n${kubectl`describe ${kubectlName(object)}`}`;
  if (unusable !== undefined)
    return advice`See whether the Secret is of type kubernetes.io/tls, and its certificate and key belong together.\n${kubectl`describe secret -n ${namespace} ${secret}`}\n${kubectl`describe ${kubectlName(object)}`}`;
  const what = isGateway(trouble) ? 'Make the Secret there, or name one that is there.' : meta.remedy;
  return advice`${what}\n${kubectl`get secrets -n ${namespace} --field-selector type=kubernetes.io/tls`}`;
}

function judge(request: RequestFacts) {
  const { asked, fronts, trustResult } = request;
  const troubles = fronts.flatMap((front) =>
    front.troubles.filter((one): one is NoSecret => one.kind === 'no-secret'),
  );
  return troubles.flatMap((trouble) => {
    const fate = fateOf(request, trouble);
    if (fate === undefined) return [];
    return [
      occurrence(
        meta,
        'critical',
        `${asked.destination.url} ${fate}: ${nameOf(trouble.object)} ${saidOf(trouble, asked.host)}.`,
        [proofOf(trouble), ...quote(trustResult, /curl/, 1)],
        { subject: asked.destination.label, remediation: remedyFor(trouble) },
      ),
    ];
  });
}

export const noSecret: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) => requests.flatMap(judge),
};
