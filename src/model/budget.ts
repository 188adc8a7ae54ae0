/** What a run may take of its target at the same time. */
export interface Budget {
  readonly processes: number;
  /** Above what the idle session holds, the kernel's part included. */
  readonly memoryBytes: number;
}

/** The most that any run takes of a pod, a node or a container, however many destinations it has. */
export const FULL_BUDGET: Budget = { processes: 16, memoryBytes: 24 * 1024 * 1024 };

/**
 * On the user's own machine, where nothing else is at stake: its images' tools are not there, so that each probe is a few
 * processes (runner.sh).
 */
export const LOCAL_BUDGET: Budget = { processes: 64, memoryBytes: 64 * 1024 * 1024 };
