import { occurrence, type Rule } from '../../shared/rule.ts';
import { type EndpointFacts, endpointName, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-013',
  title: 'Endpoints listen in the other address family only',
  severities: ['critical'],
  meaning:
    "The Service sends to the pods' addresses of one family, and the program in them listens on those of the other one: on 0.0.0.0 where the Service is IPv6, or on an IPv6 address where it is IPv4. Every connection that goes there is refused, though the port is right and the program runs. The kubelet's probes, which use the pod's first address, fail or pass by the same rule.",
  rule: "An endpoint refuses the connection to the Service's target port, and the same port of the same pod accepts one by the pod's address of the other family (status.podIPs).",
  source: 'Kubernetes documentation, "IPv4/IPv6 dual-stack"; ipv6(7), IPV6_V6ONLY',
  remedy:
    'Let the program listen on [::] with IPV6_V6ONLY off, which takes both families, or on an address of each; or make the Service of the family that the program serves (spec.ipFamilies, which only a new Service can change).',
  explains: {
    depth: 615,
    subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS', 'NT-HTTP'],
  },
} as const;

/** Endpoints that refuse by this family what they take by the other. */
export function inOtherFamily({ endpoints }: ServiceFacts): readonly EndpointFacts[] {
  return endpoints.filter(
    ({ attempt, otherFamily }) => attempt.state === 'refused' && otherFamily?.state === 'works',
  );
}

export const otherFamily: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap((facts) => {
      const found = inOtherFamily(facts);
      const [first] = found;
      if (first?.otherFamily === undefined) return [];
      const { info, endpoints } = facts;
      const isSix = first.endpoint.address.includes(':');
      const [own, other] = isSix ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'];
      return [
        occurrence(
          meta,
          'critical',
          `${info.label} sends to ${endpointName(first)} over ${own}, where port ${first.endpoint.port} is refused; by its ${other} address ${first.endpoint.otherAddress} the same port takes connections: the program listens on ${other} alone (${found.length} of ${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}).`,
          [...quoteAttempt(first.attempt), ...quoteAttempt(first.otherFamily)],
          { subject: info.label },
        ),
      ];
    }),
};
