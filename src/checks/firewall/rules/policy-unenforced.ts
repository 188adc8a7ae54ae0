import { advice, kubectl } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { denials } from '../policy-answer.ts';

const meta = {
  id: 'NT-FW-010',
  title: 'A NetworkPolicy denies it, but nothing enforces it',
  severities: ['warning'],
  meaning:
    'The NetworkPolicies forbid this connection, and it works all the same: the network plugin of this cluster does not enforce policies (flannel and the plain bridge plugin do not), its agent on the node does not run, or a policy of another kind allows it. What looks closed is open.',
  rule: 'The union of the NetworkPolicies of both namespaces does not allow the connection, and the probe got an answer; not judged where there are policies of other kinds (CiliumNetworkPolicy and the like).',
  source:
    'Kubernetes documentation, "Network Policies": creating one without a controller that implements it has no effect',
  remedy: advice`See whether the CNI plugin enforces NetworkPolicies and whether its agent is up on both nodes (${kubectl`get pods -n kube-system -o wide`}). A plugin that does not needs another one beside it, such as kube-router or kube-network-policies.`,
} as const;

export const policyUnenforced: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) =>
    paths
      .filter(
        ({ policy, cause }) =>
          // One of another kind may allow it.
          policy.others === undefined &&
          policy.verdict === 'denied' &&
          (cause.kind === 'open' || cause.kind === 'stalled'),
      )
      .map((path) =>
        occurrence(
          meta,
          'warning',
          `NetworkPolicies deny ${nameOf(path)} (${denials(path.policy).join('; ')}), but the probe got through (${seen(path)}): they are not enforced.`,
          quoteReach(path),
          { subject: path.destination.label },
        ),
      ),
};
