/** Objects of the API as the evaluation of NetworkPolicies takes them. Pure. */
import { declaredPorts } from '../../cluster/pod-ports.ts';
import type { NetworkPolicyObject, Pod } from '../../model/kube-objects.ts';
import type { NetworkPolicy, PolicyPod } from './network-policy.ts';

/** A host as policies see it: they apply to none. @param node its name, where it is one of the cluster */
export function hostPolicyPod(node?: string, addresses: readonly string[] = []): PolicyPod {
  return {
    namespace: '',
    name: '',
    labels: {},
    ports: [],
    hostNetwork: true,
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(node === undefined ? {} : { node }),
  };
}

/** Whether a policy selects by the labels of namespaces. */
export function asksForNamespaces({ ingress, egress }: NetworkPolicy): boolean {
  return [...(ingress ?? []), ...(egress ?? [])].some((rule) =>
    [...(rule.from ?? []), ...(rule.to ?? [])].some((peer) => peer.namespaceSelector !== undefined),
  );
}

/** A pod as policies see it. */
export function policyPod(
  pod: Pod,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): PolicyPod {
  const { metadata, spec, status } = pod;
  const addresses = (status?.podIPs ?? []).map(({ ip }) => ip);
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    ...(namespaceLabels === undefined ? {} : { namespaceLabels }),
    ports: declaredPorts(pod).flatMap(({ name, port, protocol }) =>
      name === undefined ? [] : [{ name, port, protocol }],
    ),
    hostNetwork: spec?.hostNetwork === true,
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
  };
}

/** The part of a policy that decides. */
export function networkPolicy({ metadata, spec }: NetworkPolicyObject): NetworkPolicy {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    podSelector: spec?.podSelector ?? {},
    policyTypes: spec?.policyTypes,
    ingress: spec?.ingress,
    egress: spec?.egress,
  };
}
