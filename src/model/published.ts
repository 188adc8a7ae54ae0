/** Ways into Services from outside of the cluster. */

/** The Service that a destination is a way into; plain JSON. */
export interface Published {
  /** `svc/shop`, with its namespace where it is not the target's. */
  readonly label: string;
  readonly namespace: string;
  readonly name: string;
  /** `health check`: load balancers ask there whether the node has an endpoint; it leads to no pod. */
  readonly by: 'node port' | 'load balancer' | 'external IP' | 'health check';
  /** Where the packets are sent on: the node whose address it is, or the target's. Absent: it is not known. */
  readonly node?: string;
  /** Its address as a node, for a destination that is none of a node's: a loopback address. */
  readonly instead?: string;
  /**
   * Of a load balancer whose address kube-proxy leads straight to the endpoints: the annotation by which it puts a header
   * of the PROXY protocol before each connection.
   */
  readonly proxyProtocol?: string;
  /** The target is outside of the cluster: what it sends gets there by no rules of its own node. */
  readonly isOutside?: boolean;
  /**
   * The target is a host of the cluster, on which kube-proxy leads what is sent to the address to the endpoints before it
   * gets to a link: nobody there has to answer for the address.
   */
  readonly isTakenHere?: true;
  /** Of a load balancer: which clients it takes. */
  readonly sourceRanges?: readonly string[];
  /** The address is the Service's, the port is none of its: those that it has. */
  readonly otherPorts?: readonly string[];
  /** Of a target outside: ranges of addresses that NetworkPolicies let in to its pods. */
  readonly letIn?: readonly {
    readonly policy: string;
    readonly cidr: string;
    readonly except: readonly string[];
  }[];
  /**
   * Of a pod: who leads on what it sends may keep its address as the source, and then endpoints on these nodes answer it
   * straight, past the address that it asked.
   */
  readonly astray?: { readonly own: string; readonly nodes: readonly string[] };
  /** Of a target outside, and a load balancer: all nodes, so many, have the label by which load balancers pass over them. */
  readonly passedOver?: number;
  /** Of UDP: one of the ready endpoints. */
  readonly behind?: {
    readonly address: string;
    readonly port: number;
    readonly pod?: string;
    /** Of the Service's port. */
    readonly portName?: string;
  };
  /** externalTrafficPolicy: Local. */
  readonly isLocal: boolean;
  /** Ready endpoints. */
  readonly ready: number;
  /** The nodes that these are on; absent: of some of them it is not known. */
  readonly nodes?: readonly string[];
}
