#ifndef COUNTS_H
#define COUNTS_H
#include <stddef.h>
#include "drops.h"

/* What was counted of a flow, or of a place: nothing of the flow but its place is set then. */
struct counted {
  struct flow flow;
  unsigned long long packets;
};

/* The greatest first. A place has all of its packets, also of flows that are not told apart. */
struct counts {
  struct counted *places, *flows;
  size_t place_count, flow_count;
};

/* The program's maps, and its own words. */
struct count_maps {
  int places, slots, others, symbols;
  const volatile struct tally *tally;
};

/* To be freed by free_counts. Not 0: they could not be read, as this errno says. */
int read_counts(const struct count_maps *maps, struct counts *counts);
void free_counts(struct counts *counts);

/* At least so many flows are not told apart; SIZE_MAX: it could not be read. */
size_t count_others(const struct count_maps *maps);

#endif
