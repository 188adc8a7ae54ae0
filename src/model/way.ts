/** The way of a connection as data: the places that it passes, and what was seen at each. */

/** Plain JSON. All text is raw. */
export interface Way {
  /** The destination. */
  readonly name: string;
  /** What became of it, in a word or two. */
  readonly outcome: string;
  /** From the target to the destination. */
  readonly places: readonly WayPlace[];
}

export interface WayPlace {
  readonly name: string;
  readonly probe: Passing;
  readonly answer: Passing;
}

/** `unwatched`: nobody could look there. `none`: it does not pass this place, or was not asked for. */
export interface Passing {
  readonly seen: 'yes' | 'no' | 'unwatched' | 'none';
  /** Which way it went past: `in`, `out`. */
  readonly ways: readonly string[];
  /** Where it was looked for as well and is missing: what came in and did not go out was lost in between. */
  readonly missed: readonly string[];
}
