/** What a check knows of NetworkPolicies; plain JSON. */
import type { NetworkPolicy, PolicyPod } from './network-policy.ts';

/** The NetworkPolicies that may matter, as the API has them. */
export interface PolicyInput {
  readonly policies: readonly NetworkPolicy[];
  /** The target itself. */
  readonly self: PolicyPod;
  /** By the id of a destination: the pods that may answer there (behind a Service several), with their ports. */
  readonly pods: Readonly<Record<string, readonly PolicyBackend[]>>;
  /** Ids of destinations that lead to pods, or may do so, of which nothing is known where `pods` names none. */
  readonly services: readonly string[];
  /** Kinds of policies besides NetworkPolicy that there are, or may be, and that nobody evaluates here. */
  readonly others?: readonly string[];
  /** Namespaces whose policies could not be read. */
  readonly unreadPolicies?: readonly string[];
  /** Parts that could not be read, and why. */
  readonly unread: readonly { readonly what: string; readonly reason: string }[];
}

/** Who answers for a destination: a pod, or an address that is not a pod's. */
export interface PolicyBackend {
  readonly address: string;
  readonly port: number;
  readonly pod?: PolicyPod;
}
