import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, kubectlName, nameOf, type Trouble } from '../facts.ts';
import { explaining } from '../troubles.ts';
import { shareText } from '../words.ts';

const meta = {
  id: 'NT-GW-002',
  title: 'The rule leads to a Service or a port that is not there',
  severities: ['critical', 'warning'],
  meaning:
    "A rule takes the request, and the Service that it names does not exist in the rule's namespace, or has no port of that number or name. The number is the Service's own port, not that of the pods. Gateways answer such a request with 503, 500 or 404.",
  rule: 'A DEST that is a URL is answered with 404, 421 or 5xx, and the API has no Service of the name that the rule for its host and path names, or that Service has no such port. A warning where the Service is an ExternalName: it has no endpoints, and only some controllers follow one.',
  source:
    'Kubernetes documentation, "Ingress" (a backend is a Service of the same namespace); Gateway API specification, BackendRef',
  remedy: 'Name a Service and a port that are there, in the namespace of the rule.',
  explains: { depth: 643, subject: ['NT-HTTP-002'] },
} as const;

type NoBackend = Extract<Trouble, { readonly kind: 'no-backend' }>;

function why({ why: kind, backend, has }: NoBackend): string {
  const service = `Service ${backend.name}`;
  switch (kind) {
    case 'missing':
      return `there is no ${service} in ${backend.namespace}`;
    case 'port':
      return `${service} in ${backend.namespace} has no port ${backend.port}: it has ${has.join(', ') || 'none'}`;
    case 'alias':
      return `${service} in ${backend.namespace} is an ExternalName for ${has[0]}: it has no endpoints, and whether the gateway follows the name is its own to decide`;
  }
}

function remedyFor({ why: kind, backend: { namespace, name }, by }: NoBackend): Advice {
  if (kind === 'alias')
    return advice`See the gateway's log for this request, and whether its controller takes Services of type ExternalName (some have to be told to). A Service with an EndpointSlice of the address works with each.\n${kubectl`get service -n ${namespace} ${name} -o yaml`}`;
  return advice`${meta.remedy}\n${kubectl`get services -n ${namespace}`}\n${kubectl`edit ${kubectlName(by.object)}`}`;
}

export const noBackend: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap((request) =>
      explaining(request, 'no-backend').map(({ trouble }) => {
        const { by, backend, why: kind } = trouble;
        return occurrence(
          meta,
          kind === 'alias' ? 'warning' : 'critical',
          `${answeredText(request)}: ${nameOf(by.object)} (${by.rule}) leads it to ${backend.name}:${backend.port}${shareText(backend)}, and ${why(trouble)}.`,
          [quoteApi(kubectl`get service -n ${backend.namespace} ${backend.name}`, why(trouble))],
          { subject: request.asked.destination.label, remediation: remedyFor(trouble) },
        );
      }),
    ),
};
