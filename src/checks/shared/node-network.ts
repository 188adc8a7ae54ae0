/** What the API says of the pod network around one node; plain JSON. */

/** Another node of the cluster. */
export interface OtherNode {
  readonly name: string;
  /** Its own, as the API has them. */
  readonly addresses: readonly string[];
  /** Those that its pods have their addresses from; empty where the cluster assigns none. */
  readonly podRanges: readonly string[];
}

/** The pod network as one node should know it. */
export interface NodeNetwork {
  /** Those that this node's pods have their addresses from. */
  readonly podRanges: readonly string[];
  /** Addresses of pods that run on this node; a sample. */
  readonly pods: readonly string[];
  readonly others: readonly OtherNode[];
}
