import { advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, kubectlName, nameOf } from '../facts.ts';
import { explaining } from '../troubles.ts';

const meta = {
  id: 'NT-GW-006',
  title: 'The Gateway does not take the route',
  severities: ['critical'],
  meaning:
    "There is a route for the host, and the Gateway that it names does not attach it: the listener takes routes of the Gateway's own namespace alone (the default of allowedRoutes), has another hostname, or is not there; or the controller says why in the route's status. To the Gateway the route is not there.",
  rule: 'A DEST that is a URL is answered with 404, 421 or 5xx, no attached route takes it, and a route for its host that names the Gateway has Accepted False in its status for it; or has no such status, and no listener of the Gateway takes routes of its namespace, has a hostname in common with it, and the name or port that it asks for.',
  source: 'Gateway API specification: Listener (allowedRoutes, hostname), RouteParentStatus',
  remedy:
    'Let the listener take routes of that namespace (allowedRoutes.namespaces), or give route and listener a hostname in common.',
  explains: { depth: 647, subject: ['NT-HTTP-002', 'NT-TLS-001'] },
} as const;

export const notAttached: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap((request) =>
      explaining(request, 'not-attached').map(({ trouble: { object, gateway, why } }) =>
        occurrence(
          meta,
          'critical',
          `${answeredText(request)}: ${nameOf(object)} is for that host, and ${nameOf(gateway)} does not take it: ${why}.`,
          [quoteApi(kubectl`get ${kubectlName(object)} -o yaml`, why)],
          {
            subject: request.asked.destination.label,
            remediation: advice`${meta.remedy}\n${kubectl`edit ${kubectlName(gateway)}`}\n${kubectl`edit ${kubectlName(object)}`}`,
          },
        ),
      ),
    ),
};
