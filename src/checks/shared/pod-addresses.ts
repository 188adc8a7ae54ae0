/** What the API says of the target's addresses. */
export interface PodAddresses {
  /** Empty where the API names none. */
  readonly addresses: readonly string[];
  /** The node's own namespace: its interfaces and rules are not the pod network's. */
  readonly hostNetwork: boolean;
}
