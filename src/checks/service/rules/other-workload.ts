import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  type EndpointFacts,
  endpointName,
  failing,
  type ServiceFacts,
  type ServicesFacts,
  working,
} from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-010',
  title: 'The selector of the Service matches pods of another workload too',
  severities: ['critical'],
  meaning:
    'The Service sends a share of its connections to pods that were never meant to serve them, because their labels match its selector too. They are healthy but listen elsewhere, so those connections are refused while all others work.',
  rule: 'Some endpoints work and others refuse, and every endpoint that refuses belongs to a workload (by ownerReferences) that none of those that work belongs to.',
  source: 'Kubernetes documentation, "Service", selector; ownerReferences of the pods',
  remedy:
    'Give the selector a label that only the pods which are meant have, such as app.kubernetes.io/component, and leave targetPort as it is.',
  explains: { depth: 630, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'] },
} as const;

/** The endpoints that are another workload's; none where that does not tell those that refuse from those that work. */
export function strangers(facts: ServiceFacts): readonly EndpointFacts[] {
  const failed = failing(facts);
  const meant = new Set(working(facts).map(({ endpoint }) => endpoint.workload));
  const isTold =
    meant.size > 0 &&
    !meant.has(undefined) &&
    failed.every(
      ({ attempt, endpoint: { workload } }) =>
        attempt.state === 'refused' && workload !== undefined && !meant.has(workload),
    );
  return isTold ? failed : [];
}

function judge(facts: ServiceFacts): Occurrence[] {
  const { info, endpoints } = facts;
  const found = strangers(facts);
  const [first] = found;
  if (!first) return [];
  const workloads = (all: readonly EndpointFacts[]): string =>
    [...new Set(all.map(({ endpoint }) => endpoint.workload))].join(' and ');
  const selector = info.selector ?? '';
  const show = kubectl`get pods -n ${info.namespace} -l ${selector} --show-labels`;
  const open = first.openPorts.length > 0 ? ` (it listens on ${first.openPorts.join(', ')})` : '';
  return [
    occurrence(
      meta,
      'critical',
      `${found.length} of ${endpoints.length} endpoints of ${info.label} ${found.length === 1 ? 'is' : 'are'} of another workload: ${endpointName(first)}${open} belongs to ${workloads(found)}, those that work to ${workloads(working(facts))}, and the selector ${selector} matches both. It fails: ${attemptText(first.attempt)}.`,
      [
        quoteApi(show, found.map((e) => `${e.endpoint.pod} ${e.endpoint.workload}`).join('\n')),
        ...quoteAttempt(first.attempt),
      ],
      { subject: info.label, remediation: advice`${meta.remedy} What they have:\n${show}` },
    ),
  ];
}

export const otherWorkload: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(judge),
};
