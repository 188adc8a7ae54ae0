/** A table as data: what it says, and not how it looks. A renderer escapes the text, paints it and sets it. */

export interface Column {
  readonly head: string;
  /** Numbers go to the right, so that their digits stand below each other. */
  readonly align: 'left' | 'right';
}

/** Plain JSON. All text is raw, as it came from the target: only the renderer knows what its format must escape. */
export interface Table {
  readonly columns: readonly Column[];
  /** One cell for each column. */
  readonly rows: readonly (readonly string[])[];
  /** Also shown in a report of several checks, which leaves out all other tables. */
  readonly alwaysShown?: true;
}
