import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Attempt, failures, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-005',
  title: 'Hairpin: a pod cannot reach itself through its own Service',
  severities: ['critical'],
  meaning:
    "When a Service sends a pod's connection back to the same pod, the packet has to leave the bridge through the port it came in on. Without hairpin mode the bridge drops it, so a pod's connections to its own Service fail now and then: whenever the pod itself is chosen.",
  rule: 'The target is a ready endpoint of the Service, it and all other endpoints answer at once at their own addresses, and connections to the cluster IP lose their first packet (no answer, or one after 900 ms and more): at least 2 of up to 24, but not all; or the one where it is the only endpoint and another Service works.',
  source: 'Kubernetes documentation, "Debug Services", "A Pod fails to reach itself via the Service IP"',
  remedy:
    "Switch hairpin mode on for the pods' ports: hairpinMode: true in the bridge plugin's configuration, or by hand on the node: bridge link set dev VETH hairpin on. kube-proxy has to masquerade such packets (it does by default).",
} as const;

/** One lost packet may be chance. */
const LEAST = 2;

/** Connections to the cluster IP whose first packet was lost. The node may choose another endpoint for the second one. */
function stumbling({ virtual }: ServiceFacts): readonly Attempt[] {
  return virtual.filter((attempt) => attempt.state === 'silent' || attempt.isSlow);
}

/** Whether that is what fails; the cluster IP as such works then. */
export function isHairpin(facts: ServiceFacts, { reference }: ServicesFacts): boolean {
  const { endpoints, virtual } = facts;
  const self = endpoints.find((e) => e.isSelf);
  const isDirectFine = endpoints.every((e) => e.attempt.state === 'works' && !e.attempt.isSlow);
  if (!self || !isDirectFine || failures(virtual).some((a) => a.state !== 'silent')) return false;
  const lost = stumbling(facts).length;
  return endpoints.length === 1
    ? lost === virtual.length && reference?.state === 'works'
    : lost >= LEAST && lost < virtual.length;
}

export const hairpin: Rule<ServicesFacts> = {
  meta,
  judge: (all) =>
    all.services
      .filter((facts) => isHairpin(facts, all))
      .map((facts) => {
        const { info, virtual } = facts;
        const lost = stumbling(facts);
        const [first] = lost;
        const silent = failures(lost).length;
        const share =
          virtual.length === 1
            ? `a connection to its cluster IP ${info.clusterIp} got ${first ? attemptText(first) : 'no answer'}`
            : `${lost.length} of ${virtual.length} connections to its cluster IP ${info.clusterIp} lost their first packet (${lost.length - silent} took a second or more, ${silent} got no answer)`;
        return occurrence(
          meta,
          'critical',
          `The target is itself behind ${info.label}: ${share}, while it answers itself at its own address${facts.endpoints.length > 1 ? ' and the other endpoints answer at once' : ' and another Service works'}.`,
          lost.slice(0, 2).flatMap(quoteAttempt),
          { subject: info.label },
        );
      }),
};
