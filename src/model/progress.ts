/** Receives the progress of work. */

/** Texts are short and have no trailing dot. */
export interface Progress {
  /** What is being done now; takes the place of what was shown before. */
  show(text: string): void;
  /** A sentence that stays. */
  note(text: string): void;
}
