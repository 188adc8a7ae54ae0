import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  type EndpointFacts,
  endpointName,
  failing,
  type ServiceInfo,
  type ServicesFacts,
  type StaleEndpoint,
} from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-022',
  title: 'The endpoints of the Service are out of date',
  severities: ['critical'],
  meaning:
    'An EndpointSlice lists a ready endpoint whose pod is not there any more, or has another address. The nodes send their share of the connections there, and nobody takes them, or whoever has the address now does. The controller that should keep the slice does not: the Service has no selector, the slice was written or kept by somebody else, or the control plane is behind.',
  rule: 'A connection from the target to a ready endpoint fails, its slice names a pod, and the API has no pod of that name, or has it at other addresses.',
  source:
    'Kubernetes documentation, "EndpointSlices", Management; kubernetes/kubernetes#118376 (a Service that lost its selector)',
  remedy:
    'See first whether the controller that keeps the slices of Services with a selector runs (kube-controller-manager): it then puts its own right by itself. Where it does not, repair it, and leave its slices alone: without it nobody makes new ones, and the endpoints that are right would go too. A slice that somebody else wrote and nobody keeps may be deleted, once the controller has one of its own for the Service.',
  explains: {
    depth: 609,
    subject: [
      'NT-ARP-002',
      'NT-FW',
      'NT-LAT',
      'NT-TLS',
      'NT-HTTP',
      'NT-SOCK-001',
      'NT-PATH',
      'NT-SVC-003',
      'NT-SVC-007',
    ],
  },
} as const;

/** What it keeps are copies of Endpoints that somebody writes, of Services without a selector. */
const MIRROR = 'endpointslicemirroring-controller.k8s.io';

function keeperClause(info: ServiceInfo, keeper: string | undefined): string {
  if (keeper === MIRROR)
    return `, as a copy of the Endpoints ${info.name}, which whoever writes them has not updated`;
  if (info.selector === undefined)
    return ', and the Service has no selector, so that no controller updates it';
  if (keeper === undefined) return ', which no controller is named to keep';
  return keeper === ITS_CONTROLLER
    ? ', which its controller has not updated (is the controller manager behind?)'
    : `, which ${keeper} keeps, and not the controller of Services with a selector`;
}

const ITS_CONTROLLER = 'endpointslice-controller.k8s.io';

/** Without a controller, deleting the slice would take the good endpoints away too. */
function remedyFor({ namespace, name, selector }: ServiceInfo, { slice, keeper }: StaleEndpoint): Advice {
  if (keeper === MIRROR)
    return advice`Take the address out of the Endpoints, of which the slice is a copy that is made again as often as it is changed, and see why whoever writes them has left it there. Or give the Service a selector: a controller then makes its slices and keeps them.\n${kubectl`edit endpoints -n ${namespace} ${name}`}`;
  if (selector !== undefined && keeper === ITS_CONTROLLER)
    return advice`${meta.remedy}\n${kubectl`get lease -n kube-system kube-controller-manager`}`;
  return selector === undefined
    ? advice`Give the Service its selector (back): a controller then makes the slices that are right and keeps them. Or, where it has none on purpose, take the address out of the slice.\n${kubectl`edit service -n ${namespace} ${name}`}\n${kubectl`edit endpointslice -n ${namespace} ${slice}`}`
    : advice`${meta.remedy}\n${kubectl`get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`}\n${kubectl`delete endpointslice -n ${namespace} ${slice}`}`;
}

/** @param subject whom it explains */
function judge(info: ServiceInfo, one: EndpointFacts, subject: string): Occurrence[] {
  const { stale, pod } = one.endpoint;
  if (stale === undefined || pod === undefined) return [];
  const { podAddresses, slice } = stale;
  const gone =
    podAddresses === undefined
      ? 'there is no such pod'
      : `that pod has ${podAddresses.length === 0 ? 'no address' : podAddresses.join(' and ')}`;
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} leads to ${endpointName(one)} (${attemptText(one.attempt)}), and ${gone}: EndpointSlice ${slice} still lists it as ready${keeperClause(info, stale.keeper)}.`,
      [
        quoteApi(
          kubectl`get endpointslice -n ${info.namespace} ${slice} -o yaml`,
          `ready: ${one.endpoint.address}, pod ${pod}`,
        ),
        quoteApi(kubectl`get pod -n ${info.namespace} ${pod} -o wide`, gone),
        ...quoteAttempt(one.attempt),
      ],
      { subject, remediation: remedyFor(info, stale) },
    ),
  ];
}

/** More say no more. */
const MOST_TOLD = 3;

export const staleEndpoints: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap((facts) => {
      const failed = failing(facts);
      // Where others fail too, what becomes of the Service is not theirs alone.
      const isAll = failed.every(({ endpoint }) => endpoint.stale !== undefined);
      const { info } = facts;
      const subject = ({ endpoint: { pod, address } }: EndpointFacts): string =>
        isAll ? info.label : `${info.label} → ${pod ?? address}`;
      return failed.flatMap((one) => judge(info, one, subject(one))).slice(0, MOST_TOLD);
    }),
};
