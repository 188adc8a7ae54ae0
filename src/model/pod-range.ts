/** Ranges from which nodes give addresses to their pods. */

/** The range of one node; plain JSON. */
export interface PodRange {
  readonly node: string;
  /** `198.18.2.0/24`. */
  readonly range: string;
  /** Of the node itself. */
  readonly nodeAddresses: readonly string[];
}
