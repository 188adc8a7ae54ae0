/** What a run may take of its target: the processes that it runs at once, and memory beyond what the session takes idle. */
export interface Budget {
  /** From 1 to 16. */
  readonly processes: number;
  /** At the peak. */
  readonly memoryBytes: number;
}

const MIB = 1024 ** 2;

/** Where nothing is known that could be short of it. */
export const FULL_BUDGET: Budget = { processes: 16, memoryBytes: 24 * MIB };
