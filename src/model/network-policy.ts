/** NetworkPolicies of networking.k8s.io/v1, as far as they decide. Types only. */

/** A label selector; an empty one matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

export type Labels = Readonly<Record<string, string>>;

export interface PolicyPeer {
  readonly podSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] | undefined } | undefined;
}

export interface PolicyPort {
  /** A number, or the name of a container port of the pod that is connected to. */
  readonly port?: number | string | undefined;
  readonly endPort?: number | undefined;
  readonly protocol?: string | undefined;
}

export interface PolicyRule {
  readonly ports?: readonly PolicyPort[] | undefined;
  /** `from` of an ingress rule. */
  readonly from?: readonly PolicyPeer[] | undefined;
  /** `to` of an egress rule. */
  readonly to?: readonly PolicyPeer[] | undefined;
}

/** What a policy says. */
export interface NetworkPolicySpec {
  readonly podSelector: LabelSelector;
  readonly policyTypes?: readonly string[] | undefined;
  readonly ingress?: readonly PolicyRule[] | undefined;
  readonly egress?: readonly PolicyRule[] | undefined;
}
