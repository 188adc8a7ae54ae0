/** What a run may take of its target at the same time. */
export interface Budget {
  readonly processes: number;
  /** Above what the idle session holds, the kernel's part included. */
  readonly memoryBytes: number;
}

/** The most that any run takes, however many destinations it has. */
export const FULL_BUDGET: Budget = { processes: 16, memoryBytes: 24 * 1024 * 1024 };
