import { occurrence, type Rule } from '../../rule.ts';
import { failing, failures, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-005',
  title: 'Hairpin: a pod cannot reach itself through its own Service',
  severities: ['critical'],
  meaning:
    "When a Service sends a pod's connection back to the same pod, the packet has to leave the bridge by the port that it came in by. Without hairpin mode the bridge drops it, so a pod's connections to its own Service fail now and then: whenever it is chosen itself.",
  rule: 'The target is a ready endpoint of the Service, it answers itself at its own address, all other endpoints answer, and connections to the cluster IP get no answer: some of them, or all where it is the only endpoint and another Service works.',
  source: 'Kubernetes documentation, "Debug Services", "A Pod fails to reach itself via the Service IP"',
  remedy:
    "Switch hairpin mode on for the pods' ports: hairpinMode: true in the bridge plugin's configuration, or by hand on the node: bridge link set dev VETH hairpin on. kube-proxy has to masquerade such packets (it does by default).",
} as const;

/** Whether that is what fails; the cluster IP as such works then. */
export function isHairpin(facts: ServiceFacts, { reference }: ServicesFacts): boolean {
  const { endpoints, virtual } = facts;
  const self = endpoints.find((e) => e.isSelf);
  const failed = failures(virtual);
  if (self?.attempt.state !== 'works' || failing(facts).length > 0 || failed.length === 0) return false;
  if (!failed.every((a) => a.state === 'silent')) return false;
  return failed.length < virtual.length || (endpoints.length === 1 && reference?.state === 'works');
}

export const hairpin: Rule<ServicesFacts> = {
  meta,
  judge: (all) =>
    all.services
      .filter((facts) => isHairpin(facts, all))
      .map((facts) => {
        const { info, virtual } = facts;
        const failed = failures(virtual);
        const [first] = failed;
        const share =
          virtual.length === 1
            ? `a connection to its cluster IP ${info.clusterIp} got ${first ? attemptText(first) : 'no answer'}`
            : `${failed.length} of ${virtual.length} connections to its cluster IP ${info.clusterIp} got no answer`;
        return occurrence(
          meta,
          'critical',
          `The target is itself behind ${info.label}: ${share}, while it answers itself at its own address${facts.endpoints.length > 1 ? ' and the other endpoints answer too' : ' and another Service works'}.`,
          first ? quoteAttempt(first) : [],
          { subject: info.label },
        );
      }),
};
