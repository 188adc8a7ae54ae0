/** Where metrics go beside stdout. */

/** Where a scraper may ask for them. */
export interface ListenAddress {
  /** An IP address, without brackets. */
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

/** A Pushgateway, and the group there that a run is authoritative for. */
export interface PushTarget {
  /** Without userinfo, query and fragment, and without a slash at its end. */
  readonly url: string;
  /** Of the header of that name; never shown. */
  readonly authorization?: string;
  /**
   * Labels of the group besides those that its URL has, in their order; the values are raw. The same run another time has the same
   * ones, so that it replaces what it said before: a name that a rollout changes is none of them.
   */
  readonly grouping: readonly (readonly [label: string, value: string])[];
}
