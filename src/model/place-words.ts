/** What sentences call the place that is looked at, as each kind of target has it (a pod, a container, this machine). */
export interface PlaceWords {
  /** Who has the tools: `the image`. */
  readonly tools: string;
  /** How a right that is missing is had: `use --profile netadmin`. */
  readonly gainRights: string;
  /** `the pod's own namespace`. */
  readonly namespace: string;
  /** Which connections are tracked elsewhere, and where that is. */
  readonly trackedElsewhere: string;
  /** The connection table of the machine below. */
  readonly hostTable: string;
  /** Why that table is not seen. */
  readonly hostTableUnseen: string;
  /** Without a cluster there are no NetworkPolicies, which goes without saying. */
  readonly hasPolicies: boolean;
}
