#ifndef LIVE_H
#define LIVE_H

/* The program's maps. */
struct live_maps {
  int places, flows, symbols;
};

/*
 * Prints {"now":{"seconds":…,"places":[…],"flows":[…]}}: the greatest counts, of which only those that have changed since it was
 * last called. 0 packets are never told.
 */
void print_now(double seconds, const struct live_maps *maps);

#endif
