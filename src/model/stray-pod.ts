/** Pods whose address is in none of the ranges of their node. */

/** One such pod; plain JSON. */
export interface StrayPod {
  /** `shop/web`. */
  readonly pod: string;
  readonly address: string;
  readonly node: string;
  /** Of its node's pods, of the address's family (spec.podCIDRs). */
  readonly ranges: readonly string[];
  /** The other node in whose range the address lies. */
  readonly inRangeOf?: string;
  /** What shows that this cluster leads packets to pods by these ranges. */
  readonly shownBy: string;
}
