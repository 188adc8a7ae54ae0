import { advice, kubectl, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type EndpointFacts, endpointName, failing, type ServiceInfo, type ServicesFacts } from '../facts.ts';
import { quoteAttempt } from '../words.ts';
import { inOtherFamily } from './other-family.ts';
import { overUdp } from './other-protocol.ts';
import { onWrongPort } from './wrong-target-port.ts';

const meta = {
  id: 'NT-SYS-004',
  title: 'A pod gets connections before its program listens',
  severities: ['critical'],
  meaning:
    'A container without a readinessProbe is ready as soon as it runs. The pod becomes an endpoint of its Services at once, and every connection that is led to it is refused until its program listens: at each start, and at each rollout, which takes the old pods away meanwhile.',
  rule: "An endpoint refuses the connection to the Service's target port, and the API says that the container which declares that port was started less than two minutes ago and has neither a readinessProbe nor a startupProbe. Where the pod takes another port, the other address family or datagrams, it is that instead (NT-SVC-002, NT-SVC-013, NT-SVC-026).",
  source:
    'Kubernetes documentation, "Pod Lifecycle", Container probes (without a readiness probe the state is Success); kubernetes/kubernetes#38355',
  remedy:
    'Connect again after a while. If connections are taken by then, give the container a readinessProbe that asks the port which the Service sends to. If they are still refused, the program has failed, or listens elsewhere, at another port or at 127.0.0.1 alone: see its log, and what it listens on.',
  explains: {
    depth: 623,
    subject: ['NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS', 'NT-HTTP-001'],
  },
} as const;

function judge(info: ServiceInfo, one: EndpointFacts, subject: string): Occurrence[] {
  const { unprobed, pod } = one.endpoint;
  if (unprobed === undefined || pod === undefined) return [];
  const { container, startedSeconds, ended } = unprobed;
  const again = ended === undefined ? '' : `; it was started anew, since it had ended ${ended}`;
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} leads to ${endpointName(one)}, which refuses: its container ${container} was started ${startedSeconds} s ago and has no readinessProbe, so the pod is called ready, and gets connections, whether or not its program listens yet${again}.`,
      [
        quoteApi(
          kubectl`get pod -n ${info.namespace} ${pod} -o yaml`,
          `container ${container}: running for ${startedSeconds} s, no readinessProbe, no startupProbe`,
        ),
        ...quoteAttempt(one.attempt),
      ],
      {
        subject,
        remediation: advice`${meta.remedy}\n${kubectl`logs -n ${info.namespace} ${pod} -c ${container}`}\n${nettools`sockets ${pod} -n ${info.namespace}`}`,
      },
    ),
  ];
}

/** By the pod itself: a firewall that says so with an ICMP error is known by that. */
function isReset({ attempt: { state, reach } }: EndpointFacts): boolean {
  return state === 'refused' && typeof reach.value?.tries.at(-1)?.icmp !== 'object';
}

/** More say no more. */
const MOST_TOLD = 3;

export const unaskedProgram: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap((facts) => {
      const { info } = facts;
      const explained = new Set([...onWrongPort(facts), ...inOtherFamily(facts), ...overUdp(facts)]);
      const failed = failing(facts);
      const isFresh = (one: EndpointFacts): boolean =>
        isReset(one) && one.endpoint.unprobed !== undefined && !explained.has(one);
      // Where others fail too, what becomes of the Service is not theirs alone.
      const isAll = failed.every(isFresh);
      return failed
        .filter(isFresh)
        .flatMap((one) =>
          judge(
            info,
            one,
            isAll ? info.label : `${info.label} → ${one.endpoint.pod ?? one.endpoint.address}`,
          ),
        )
        .slice(0, MOST_TOLD);
    }),
};
