/** Kinds of policies besides NetworkPolicy, which network plugins define and enforce in ways of their own. Pure. */
import {
  type ApiGroups,
  type ForeignKind,
  type ForeignResource,
  foreignPaths,
  kindsOf as of,
} from './foreign-kinds.ts';

/** As the plugins document them. */
const POLICY_RESOURCES: readonly ForeignResource[] = [
  ...of('cilium.io', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'),
  ...of('crd.projectcalico.org', 'NetworkPolicy', 'GlobalNetworkPolicy'),
  // What Calico's own API server serves.
  ...of('projectcalico.org', 'NetworkPolicy', 'GlobalNetworkPolicy'),
  ...of('crd.antrea.io', 'NetworkPolicy', 'ClusterNetworkPolicy'),
  ...of(
    'policy.networking.k8s.io',
    'AdminNetworkPolicy',
    'BaselineAdminNetworkPolicy',
    'ClusterNetworkPolicy',
  ),
  ...of('k8s.ovn.org', 'EgressFirewall'),
];

/** Where those that a cluster may have are listed. */
export function policyPaths(groups: ApiGroups): readonly ForeignKind[] {
  return foreignPaths(groups, POLICY_RESOURCES);
}
