/** What the API says of the pod network around one node; plain JSON. */

/** The end of a node's VXLAN, as its CNI plugin has announced it. */
export interface AnnouncedTunnel {
  readonly vni: number;
  /** In small letters. */
  readonly mac: string;
}

/** Another node of the cluster. */
export interface OtherNode {
  readonly name: string;
  /** Its own, as the API has them. */
  readonly addresses: readonly string[];
  /** Those that its pods have their addresses from; empty where the cluster assigns none. */
  readonly podRanges: readonly string[];
  /** Absent: its plugin announces none in the API (flannel alone does). */
  readonly tunnels?: readonly AnnouncedTunnel[];
}

/** The pod network as one node should know it. */
export interface NodeNetwork {
  /** Those that this node's pods have their addresses from. */
  readonly podRanges: readonly string[];
  /** Addresses of pods that run on this node; a sample. */
  readonly pods: readonly string[];
  readonly others: readonly OtherNode[];
  /** What of the nodes says that the network between them may lead to pods by routes of its own; absent: nothing does. */
  readonly ledBy?: string;
  /** This node's own. */
  readonly tunnels?: readonly AnnouncedTunnel[];
}
