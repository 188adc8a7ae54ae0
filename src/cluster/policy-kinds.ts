/** Kinds of policies besides NetworkPolicy, which network plugins define and enforce in ways of their own. Pure. */

/** A resource of the API. */
interface PolicyResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const of = (group: string, ...kinds: readonly string[]): PolicyResource[] =>
  kinds.map((kind) => ({ group, kind, plural: kind.toLowerCase().replace(/y$/, 'ies') }));

/** As the plugins document them. */
const POLICY_RESOURCES: readonly PolicyResource[] = [
  ...of('cilium.io', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'),
  ...of('crd.projectcalico.org', 'NetworkPolicy', 'GlobalNetworkPolicy'),
  ...of('crd.antrea.io', 'NetworkPolicy', 'ClusterNetworkPolicy'),
  ...of(
    'policy.networking.k8s.io',
    'AdminNetworkPolicy',
    'BaselineAdminNetworkPolicy',
    'ClusterNetworkPolicy',
  ),
  ...of('k8s.ovn.org', 'EgressFirewall').map((one) => ({ ...one, plural: 'egressfirewalls' })),
];

/** What `GET /apis` says, as far as it is read. */
export interface ApiGroups {
  readonly groups?: readonly {
    readonly name: string;
    readonly preferredVersion?: { readonly version: string };
  }[];
}

/** `CiliumNetworkPolicy (cilium.io)`. */
function kindName({ kind, group }: PolicyResource): string {
  return `${kind} (${group})`;
}

/** Where those that a cluster may have are listed. */
export function policyPaths({ groups = [] }: ApiGroups): { readonly name: string; readonly path: string }[] {
  return POLICY_RESOURCES.flatMap((resource) => {
    const version = groups.find(({ name }) => name === resource.group)?.preferredVersion?.version;
    if (version === undefined) return [];
    return [{ name: kindName(resource), path: `/apis/${resource.group}/${version}/${resource.plural}` }];
  });
}
