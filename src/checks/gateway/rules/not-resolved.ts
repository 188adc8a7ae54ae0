import { advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, kubectlName, nameOf } from '../facts.ts';
import { explaining } from '../troubles.ts';

const meta = {
  id: 'NT-GW-007',
  title: 'The route leads to what it may not lead to',
  severities: ['critical'],
  meaning:
    'A route takes the request, and a backend of it does not resolve: it is in another namespace without a ReferenceGrant there that allows it, or the controller says so in the status (ResolvedRefs). The Gateway answers with 500 for the share of requests that the backend would get.',
  rule: 'A DEST that is a URL is answered with 404, 421 or 5xx, and the route that takes it leads to a Service of another namespace without a ReferenceGrant for it (all of them may be read), names no backend or only such of weight 0 (and no filter that may answer), or has ResolvedRefs False in its status.',
  source: 'Gateway API specification: HTTPBackendRef (500 for an invalid one), ReferenceGrant',
  remedy:
    'Let a ReferenceGrant in the namespace of the Service allow routes of the other one, or lead to a Service of its own namespace.',
  explains: { depth: 648, subject: ['NT-HTTP-002'] },
} as const;

export const notResolved: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap((request) =>
      explaining(request, 'not-resolved').map(({ trouble: { by, grantIn, why } }) =>
        occurrence(
          meta,
          'critical',
          `${answeredText(request)}: ${nameOf(by.object)} (${by.rule}) takes it, and ${why}.`,
          [
            grantIn === undefined
              ? quoteApi(kubectl`get ${kubectlName(by.object)} -o yaml`, why)
              : quoteApi(kubectl`get referencegrants -n ${grantIn}`, 'none allows it'),
          ],
          {
            subject: request.asked.destination.label,
            remediation: advice`${meta.remedy}\n${kubectl`describe ${kubectlName(by.object)}`}`,
          },
        ),
      ),
    ),
};
