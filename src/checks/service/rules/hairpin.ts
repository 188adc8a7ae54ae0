import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Attempt, failures, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-005',
  title: 'Hairpin: a pod cannot reach itself through its own Service',
  severities: ['critical'],
  meaning:
    "When a Service sends a pod's connection back to the same pod, the packet has to leave the bridge through the port it came in on. Without hairpin mode the bridge drops it, so a pod's connections to its own Service fail now and then: whenever the pod itself is chosen.",
  rule: 'The target is a ready endpoint of the Service, it and all other endpoints answer at once at their own addresses, and connections to the cluster IP fail: at least 2 of up to 20, but not all, lose their first packet (no answer, or one after 900 ms and more), which are made one after the other once all other probes are done, to one such Service of a run, that of the fewest endpoints; or the one to it gets no answer where it is the only endpoint and another Service works, or another Service shows the same. Another run that loads the same endpoints at that moment looks the same: what is seen first has to be seen again in one of two more looks, each after a pause of random length.',
  source: 'Kubernetes documentation, "Debug Services", "A Pod fails to reach itself via the Service IP"',
  isSeenTwice: true,
  remedy:
    "Switch hairpin mode on for the pods' ports: hairpinMode: true in the bridge plugin's configuration, or by hand on the node: bridge link set dev VETH hairpin on. kube-proxy has to masquerade such packets (it does by default).",
} as const;

/** One lost packet may be chance. */
const LEAST = 2;

/** Those that were made one after the other. The first one is made beside all other probes, which may fill a queue. */
function alone({ virtual }: ServiceFacts): readonly Attempt[] {
  return virtual.length > 1 ? virtual.slice(1) : virtual;
}

/**
 * Connections to the cluster IP that are lost. Of several endpoints the node may choose another one for the second packet;
 * of a single one it cannot, and whoever answers that packet was busy before.
 */
function stumbling(facts: ServiceFacts): readonly Attempt[] {
  return alone(facts).filter(
    (attempt) => attempt.state === 'silent' || (attempt.isSlow && facts.virtual.length > 1),
  );
}

/** Whether that is what fails; the cluster IP as such works then. */
export function isHairpin(facts: ServiceFacts, all: ServicesFacts): boolean {
  const { endpoints, virtual } = facts;
  if (!mayBeHairpin(facts)) return false;
  const lost = stumbling(facts).length;
  if (endpoints.length === 1) return lost === virtual.length && all.reference?.state === 'works';
  if (virtual.length > 1) return isShown(facts);
  return lost > 0 && all.services.some((other) => mayBeHairpin(other) && isShown(other));
}

/** The target is one of the endpoints, which all answer at their own addresses. */
function mayBeHairpin({ endpoints, virtual }: ServiceFacts): boolean {
  const isDirectFine = endpoints.every((e) => e.attempt.state === 'works' && !e.attempt.isSlow);
  return (
    endpoints.some((e) => e.isSelf) &&
    isDirectFine &&
    failures(virtual).every((attempt) => attempt.state === 'silent')
  );
}

/** Some of many connections are lost: those that meet the target itself. */
function isShown(facts: ServiceFacts): boolean {
  const lost = stumbling(facts).length;
  return facts.virtual.length > 1 && lost >= LEAST && lost < alone(facts).length;
}

export const hairpin: Rule<ServicesFacts> = {
  meta,
  judge: (all) =>
    all.services
      .filter((facts) => isHairpin(facts, all))
      .map((facts) => {
        const { info } = facts;
        const made = alone(facts);
        const lost = stumbling(facts);
        const [first] = lost;
        const silent = failures(lost).length;
        const share =
          made.length === 1
            ? `a connection to its cluster IP ${info.clusterIp} got ${first ? attemptText(first) : 'no answer'}`
            : `${lost.length} of ${made.length} connections to its cluster IP ${info.clusterIp} lost their first packet (${lost.length - silent} took a second or more, ${silent} got no answer)`;
        return occurrence(
          meta,
          'critical',
          `The target is itself behind ${info.label}: ${share}, while it answers itself at its own address${facts.endpoints.length > 1 ? ' and the other endpoints answer at once' : ' and another Service works'}.`,
          lost.slice(0, 2).flatMap(quoteAttempt),
          { subject: info.label },
        );
      }),
};
