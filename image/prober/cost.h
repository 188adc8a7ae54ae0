/* What a run costs its target: the memory, processes and CPU time of the container that it runs in. */
#ifndef COST_H
#define COST_H

/* Opens the counters of this process's own cgroup, of version 1 or 2. */
void cost_start(void);
/* Looks at the counters; at most once in a few milliseconds. */
void cost_sample(void);
/* Looks at them when nothing has for a while. */
void cost_tick(void);
/* Prints the frame: nettools-cost MEMORY-BYTES PROCESSES CPU-MICROSECONDS, each "-" where it cannot be read. */
void cost_print(void);

#endif
