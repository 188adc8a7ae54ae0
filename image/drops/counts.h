#ifndef COUNTS_H
#define COUNTS_H
#include <stddef.h>
#include "drops.h"

/* What was counted of a flow, or of a place: nothing of the flow but its place is set then. */
struct counted {
  struct flow flow;
  struct count count;
};

/*
 * All of one of the program's maps of counts, the greatest first, whose keys begin with what a flow begins with. The caller frees
 * it. NULL: there is not enough memory.
 */
struct counted *read_counts(int map, size_t key_size, size_t most, size_t *length);

#endif
