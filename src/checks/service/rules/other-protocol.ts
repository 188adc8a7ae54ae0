import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type EndpointFacts, endpointName, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-026',
  title: 'The Service has the port as TCP, and its program takes datagrams',
  severities: ['critical'],
  meaning:
    'A port of a Service is TCP unless its manifest says otherwise. The program behind this one takes UDP (statsd, syslog, collectd, DNS, games): nodes translate no datagrams for the port, so those that are sent to the cluster IP, the NodePort or the load balancer are refused or vanish, while connections over TCP are refused by the pods.',
  rule: "A port of a Service is TCP, and the Service has none of UDP that is the same, nor does a pod declare that port for both; an endpoint refuses the connection, no endpoint takes one, nor does another port of its pod; and of two datagrams to that pod, the one to a port that nobody uses is refused (ICMP port unreachable), and the one to the Service's target port is answered, or not refused.",
  source:
    'Kubernetes API, ServicePort.protocol (the default is TCP); helm/charts#8151; RFC 1122, 4.1.3.1 (ICMP port unreachable)',
  remedy: 'Set protocol: UDP for the port of the Service (and of the container, where it is declared).',
  explains: { depth: 622, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'] },
} as const;

/** Endpoints that refuse TCP at a port at which they take datagrams. */
export function overUdp({ info, endpoints }: ServiceFacts): readonly EndpointFacts[] {
  return info.isTcpAlone === true ? endpoints.filter(takesDatagrams) : [];
}

/**
 * Silence says so only beside a port that is not silent, and where no try was refused: a kernel sends one host some ICMP
 * errors at once, and then one a second (net.ipv4.icmp_ratelimit).
 */
function takesDatagrams({ attempt, byUdp }: EndpointFacts): boolean {
  if (attempt.state !== 'refused' || byUdp === undefined) return false;
  const { same, other } = byUdp;
  const isTaken =
    same.state === 'works' ||
    (same.state === 'unclear' &&
      same.reach.value?.tries.every(({ outcome }) => outcome === 'silent') === true);
  return isTaken && other.state === 'refused';
}

function judge(facts: ServiceFacts): Occurrence[] {
  const { info } = facts;
  const [first] = overUdp(facts);
  if (first?.byUdp === undefined) return [];
  const { same, other } = first.byUdp;
  const taken = same.state === 'works' ? 'answered' : 'not refused, while one to a port that nobody uses is';
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} has port ${info.port} as TCP, which ${endpointName(first)} refuses; a datagram to the same port there is ${taken}: its program takes UDP, and nodes translate none for this port.`,
      [
        quoteApi(
          kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.ports}`,
          `port ${info.port} protocol TCP`,
        ),
        ...quoteAttempt(first.attempt),
        ...quoteAttempt(same),
        ...quoteAttempt(other),
      ],
      {
        subject: info.label,
        remediation: advice`Set protocol: UDP for port ${info.port}; the port of the container, where it is declared, needs it too. A load balancer that clouds made may have to be made anew for it.\n${kubectl`edit service -n ${info.namespace} ${info.name}`}`,
      },
    ),
  ];
}

export const otherProtocol: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(judge),
};
