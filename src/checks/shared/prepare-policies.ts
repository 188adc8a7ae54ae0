/** NetworkPolicies and what they match against, as far as the user may read it. */
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import type { PolicyPod } from './network-policy.ts';
import type { PolicyBackend, PolicyInput } from './policy-input.ts';
import { type Behind, podsBehind, unreadOf } from './prepare-behind.ts';
import { asksForNamespaces, hostPolicyPod, networkPolicy, policyPod } from './prepare-policy-objects.ts';

/**
 * Reads all that decides about the way from the subject to destinations: one round of pods, then one of policies.
 * Outside of a cluster there is nothing to read.
 */
export async function readPolicies(
  { cluster, pod: self, node, addresses }: Subject,
  destinations: readonly Destination[],
): Promise<PolicyInput> {
  if (!cluster) return { policies: [], self: hostPolicyPod(), pods: {}, services: [], unread: [] };
  const own = self?.metadata?.namespace;
  const behind = await Promise.all(destinations.map((d) => podsBehind(cluster, own ?? cluster.namespace, d)));
  const namespaces = [
    ...new Set([
      ...(own === undefined ? [] : [own]),
      ...behind.flatMap((b) => b.pods.flatMap(({ pod }) => pod?.metadata?.namespace ?? [])),
    ]),
  ];
  const [policies, objects, others] = await Promise.all([
    Promise.all(namespaces.map((namespace) => cluster.networkPolicies(namespace))),
    Promise.all(namespaces.map((namespace) => cluster.namespaceObject(namespace))),
    cluster.otherPolicies(),
  ]);
  const items = policies.flatMap(({ value }) => (value ?? []).map(networkPolicy));
  const labelsOf = new Map(namespaces.map((name, i) => [name, objects[i]?.value?.metadata?.labels]));
  const asPolicyPod = (pod: Pod): PolicyPod => policyPod(pod, labelsOf.get(pod.metadata?.namespace ?? ''));
  const hidden = namespaces.filter((_namespace, i) => policies[i]?.error !== undefined);
  return {
    policies: items,
    self: self ? asPolicyPod(self) : hostPolicyPod(node, addresses),
    pods: backends(destinations, behind, asPolicyPod),
    services: destinations.filter((_d, i) => behind[i]?.isUnclear).map(({ id }) => id),
    ...(hidden.length === 0 ? {} : { unreadPolicies: hidden }),
    ...othersPart(others),
    unread: distinct([
      ...others.flatMap(({ kind, found }) => unreadOf(found, `policies of kind ${kind}`)),
      ...behind.flatMap(({ unread }) => unread),
      ...policies.flatMap((one, i) => unreadOf(one, `NetworkPolicies of namespace ${namespaces[i]}`)),
      // Labels of namespaces are no loss where no policy asks for them.
      ...(items.some(asksForNamespaces)
        ? objects.flatMap((one, i) => unreadOf(one, `labels of namespace ${namespaces[i]}`))
        : []),
    ]),
  };
}

/** As part of the input: kinds of which there is one, or of which it is not known. */
function othersPart(all: Awaited<ReturnType<ClusterView['otherPolicies']>>): Pick<PolicyInput, 'others'> {
  const others = all.filter(({ found }) => found.value !== false).map(({ kind }) => kind);
  return others.length === 0 ? {} : { others };
}

/** What several destinations ask for is missed once. */
function distinct(unread: PolicyInput['unread']): PolicyInput['unread'] {
  return unread.filter(({ what }, i) => unread.findIndex((other) => other.what === what) === i);
}

/** A Service's address leads to its endpoints, which are destinations of their own. */
function backends(
  destinations: readonly Destination[],
  behind: readonly Behind[],
  asPolicyPod: (pod: Pod) => PolicyPod,
): Record<string, PolicyBackend[]> {
  const direct = behind.map(({ pods }) =>
    pods.map(({ pod, ...end }) => ({ ...end, ...(pod === undefined ? {} : { pod: asPolicyPod(pod) }) })),
  );
  return Object.fromEntries(
    destinations.flatMap((d, i) => {
      const all =
        d.service?.part === 'virtual'
          ? destinations.flatMap((other, n) =>
              other.service?.part === 'endpoint' && other.service.label === d.service?.label
                ? (direct[n] ?? [])
                : [],
            )
          : (direct[i] ?? []);
      return all.length > 0 ? [[d.id, all]] : [];
    }),
  );
}
