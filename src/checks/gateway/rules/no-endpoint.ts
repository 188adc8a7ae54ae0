import { advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, nameOf } from '../facts.ts';
import { explaining } from '../troubles.ts';
import { shareText } from '../words.ts';

const meta = {
  id: 'NT-GW-003',
  title: 'The rule leads to a Service without a ready endpoint',
  severities: ['critical'],
  meaning:
    'A rule takes the request and leads it to a Service behind which no pod is ready. The gateway has nobody to ask, and answers with 503 (some with 502, 500 or 404).',
  rule: "A DEST that is a URL is answered with 404, 421 or 5xx, and the EndpointSlices of the Service that the rule for its host and path names list no ready endpoint of the rule's port.",
  source: 'Kubernetes documentation, "Ingress" and "Debug Services"; Gateway API specification, BackendRef',
  remedy: advice`See why no pod is ready, and whether the selector of the Service matches any (${kubectl`get pods -l SELECTOR`}).`,
  explains: { depth: 644, subject: ['NT-HTTP-002'] },
} as const;

export const noEndpoint: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap((request) =>
      explaining(request, 'no-endpoint').map(({ trouble: { by, backend, notReady } }) => {
        const { namespace, name, port } = backend;
        const others = notReady === 0 ? '' : ` (${notReady} not ready)`;
        return occurrence(
          meta,
          'critical',
          `${answeredText(request)}: ${nameOf(by.object)} (${by.rule}) leads it to Service ${namespace}/${name}:${port}${shareText(backend)}, which has no ready endpoint${others}.`,
          [
            quoteApi(
              kubectl`get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`,
              'no endpoint is ready',
            ),
          ],
          {
            subject: request.asked.destination.label,
            remediation: advice`${meta.remedy}\n${kubectl`describe service -n ${namespace} ${name}`}`,
          },
        );
      }),
    ),
};
