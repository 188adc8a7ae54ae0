import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, kubectlName, nameOf, type Trouble } from '../facts.ts';
import { explaining } from '../troubles.ts';
import { manyText } from '../words.ts';

const meta = {
  id: 'NT-GW-005',
  title: 'Nobody serves the Ingress, the Gateway or the route',
  severities: ['critical'],
  meaning:
    'There is a rule for the host, and no controller takes it up: its class does not exist, it names none and no class is the default, or the Gateway that the route names is not there. Whoever answers knows nothing of the rule.',
  rule: 'A DEST that is a URL is answered with 404, 421 or 5xx, and an Ingress with a rule for its host has no address in its status and no class, or one that no IngressClass has (without a default class); or the Gateway of a route for its host, or the GatewayClass of its Gateway, does not exist.',
  source:
    'Kubernetes documentation, "Ingress class"; Gateway API specification, parentRefs and gatewayClassName. Not claimed of the annotation kubernetes.io/ingress.class, which needs no object',
  remedy: 'Name a class that there is (ingressClassName, gatewayClassName), or the Gateway that is meant.',
  explains: { depth: 646, subject: ['NT-HTTP-002', 'NT-TLS-001'] },
} as const;

type NoController = Extract<Trouble, { readonly kind: 'no-controller' }>;

function why({ object, why: kind, wanted, known }: NoController): string {
  const classes = object.kind === 'Ingress' ? 'IngressClass' : 'GatewayClass';
  const there = known.length === 0 ? 'there is none at all' : `there is ${manyText(known)}`;
  if (kind === 'class')
    return `it names no class (ingressClassName), and no IngressClass is the default: ${there}`;
  if (kind === 'gateway') return `it names Gateway ${wanted}, which does not exist: ${there}`;
  return `its class is ${wanted}, and there is no ${classes} of that name: ${there}`;
}

function remedyFor({ object, why: kind }: NoController): Advice {
  const list =
    kind === 'gateway'
      ? kubectl`get gateways -A`
      : object.kind === 'Ingress'
        ? kubectl`get ingressclass`
        : kubectl`get gatewayclass`;
  return advice`${meta.remedy}\n${list}\n${kubectl`edit ${kubectlName(object)}`}`;
}

export const noController: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap((request) =>
      explaining(request, 'no-controller').map(({ trouble }) =>
        occurrence(
          meta,
          'critical',
          `${answeredText(request)}: ${nameOf(trouble.object)} has a rule for ${request.asked.host}, and nobody serves it: ${why(trouble)}.`,
          [quoteApi(kubectl`get ${kubectlName(trouble.object)} -o yaml`, why(trouble))],
          { subject: request.asked.destination.label, remediation: remedyFor(trouble) },
        ),
      ),
    ),
};
