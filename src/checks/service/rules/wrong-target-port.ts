import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  type EndpointFacts,
  type ServiceFacts,
  type ServiceInfo,
  type ServicesFacts,
  working,
} from '../facts.ts';
import { quoteAttempt } from '../words.ts';
import { inOtherFamily } from './other-family.ts';

const meta = {
  id: 'NT-SVC-002',
  title: "The Service's targetPort is wrong",
  severities: ['critical'],
  meaning:
    "The Service sends its traffic to a port on which its pods do not listen, while another port of theirs is open. Every connection through the Service is refused; connections to the pods' right port work.",
  rule: "An endpoint refuses the connection to the Service's target port, and another container port that the pod declares accepts one, while no endpoint works, nor takes the port by its other address family (NT-SVC-013). Or targetPort is a name that no selected pod declares (API).",
  source: 'Kubernetes documentation, "Service", targetPort',
  remedy: 'Set targetPort to the port on which the pods listen.',
  explains: { depth: 620, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'] },
} as const;

/** Endpoints that listen elsewhere. Where others work the port is right, and to change it would break those. */
export function onWrongPort(facts: ServiceFacts): readonly EndpointFacts[] {
  // What the program takes by the other family is the right port (NT-SVC-013).
  if (working(facts).length > 0 || inOtherFamily(facts).length > 0) return [];
  return facts.endpoints.filter(
    ({ attempt, openPorts }) => attempt.state === 'refused' && openPorts.length > 0,
  );
}

/** Strategic merge: entries of `ports` are matched by their `port`. */
function targetPortPatch({ port, protocol }: ServiceInfo, targetPort: number | undefined): string {
  return JSON.stringify({ spec: { ports: [{ port, protocol: protocol.toUpperCase(), targetPort }] } });
}

function judge(facts: ServiceFacts): Occurrence[] {
  const { info, endpoints } = facts;
  const subject = info.label;
  const show = kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.ports}`;
  if (info.isPortUnnamed) {
    return [
      occurrence(
        meta,
        'critical',
        `${info.label} sends to the port named "${info.targetPort}", which none of the ${info.selected} pods that it selects declares, so it has no endpoint.`,
        [quoteApi(show, `port ${info.port} targetPort ${info.targetPort}`)],
        { subject },
      ),
    ];
  }
  const wrong = onWrongPort(facts);
  const [first] = wrong;
  if (!first) return [];
  const right = first.openPorts.join(', ');
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} sends port ${info.port} to target port ${info.targetPort}, which ${wrong.length} of ${endpoints.length} ${endpoints.length === 1 ? 'endpoint refuses' : 'endpoints refuse'}, while port ${right} of ${first.endpoint.pod ?? first.endpoint.address} accepts connections.`,
      [quoteApi(show, `port ${info.port} targetPort ${info.targetPort}`), ...quoteAttempt(first.attempt)],
      {
        subject,
        remediation: advice`If ${first.openPorts[0] ?? ''} is the port that is meant:\n${kubectl`patch service -n ${info.namespace} ${info.name} -p ${targetPortPatch(info, first.openPorts[0])}`}`,
      },
    ),
  ];
}

export const wrongTargetPort: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(judge),
};
