/** Ports of nodes that pods have for themselves. */

/** The pod to which a port of its node should lead; plain JSON. */
export interface HostPort {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  /** The pod's own address, in the family of the destination. */
  readonly address: string;
  /** In the pod. */
  readonly port: number;
}
