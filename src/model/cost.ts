/** What a run took of its target. */

/** Each absent where the target's kernel or image does not tell it. */
export interface Cost {
  /**
   * The most memory that the tool's own container held at once, what the kernel holds for it included. Pages of files
   * are not counted: the kernel takes them back when somebody needs the room.
   */
  readonly memoryPeakBytes?: number;
  /** The most processes and threads at once. */
  readonly processesPeak?: number;
  readonly cpuSeconds?: number;
}
