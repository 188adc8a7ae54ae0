#ifndef LIVE_H
#define LIVE_H

struct count_maps;

/*
 * Prints {"now":{"seconds":…,"places":[…],"flows":[…]}}: the greatest counts, of which only those that have changed since it was
 * last called. 0 packets are never told.
 */
void print_now(double seconds, const struct count_maps *maps);

#endif
