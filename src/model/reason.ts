/** Why something was not measured. */
export interface Reason {
  /** What decides; the words never do. */
  readonly code: ReasonCode;
  /**
   * Words that end a sentence. Of `no-tool`, `poor-tool` and `no-right` they are what is missing, and the place that
   * lacks it is said around them.
   */
  readonly text: string;
}

/**
 * `no-tool`: the target has no such program (`dig`); `poor-tool`: it has one that cannot do it (`ip prints no JSON`);
 * `no-right`: a capability is missing (`listening needs NET_RAW`); `no-place`: what a placeholder stands for is not
 * there; `no-arp`: the interface has none; `virtual`: a Service's address, which answers no echo request; `itself`: the
 * destination is the target.
 */
export type ReasonCode =
  | 'no-tool'
  | 'poor-tool'
  | 'no-right'
  | 'no-place'
  | 'no-arp'
  | 'virtual'
  | 'itself'
  | 'other';
