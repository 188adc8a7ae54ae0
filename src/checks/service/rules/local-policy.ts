import { kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-004',
  title: 'Local traffic policy, and no endpoint on this node',
  severities: ['warning'],
  meaning:
    "The Service's internalTrafficPolicy is Local: a node sends its pods' connections to endpoints on the same node only. Where there is none they are dropped, though the Service has ready endpoints elsewhere.",
  rule: "internalTrafficPolicy is Local, and none of the Service's ready endpoints is on the target's node (API).",
  source: 'Kubernetes documentation, "Service Internal Traffic Policy"',
  remedy:
    'Run an endpoint on every node that has clients (a DaemonSet), or set internalTrafficPolicy to Cluster and prefer near endpoints with trafficDistribution: PreferSameNode.',
} as const;

export const localPolicy: Rule<ServicesFacts> = {
  meta,
  judge: ({ services, input }) =>
    services
      .filter((s) => s.isLocalOnly)
      .map(({ info, virtual }) => {
        const [first] = virtual;
        const nodes = [...new Set(info.endpoints.flatMap((e) => e.node ?? []))].join(', ');
        return occurrence(
          meta,
          'warning',
          `${info.label} has internalTrafficPolicy Local, and its ${info.ready} ready ${info.ready === 1 ? 'endpoint is' : 'endpoints are'} on ${nodes || 'other nodes'}, none on ${input.node}, where the target runs${first ? `: connecting ends with ${attemptText(first)}` : ''}.`,
          [
            quoteApi(
              kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.internalTrafficPolicy}`,
              'Local',
            ),
            ...(first ? quoteAttempt(first) : []),
          ],
          { subject: info.label },
        );
      }),
};
