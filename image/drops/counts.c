/* Reads the counts out of the kernel: a whole map in one call, since thousands of flows are read every second. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "counts.h"

static int by_packets(const void *a, const void *b)
{
  const struct counted *one = a, *other = b;
  if (one->packets != other->packets) return one->packets < other->packets ? 1 : -1;
  return memcmp(&one->flow, &other->flow, sizeof one->flow);
}

/* A flow begins with its place: those of one place are neighbours. */
static int by_flow(const void *a, const void *b)
{
  return memcmp(&((const struct counted *)a)->flow, &((const struct counted *)b)->flow, sizeof(struct flow));
}

/* Adds up neighbours that begin with the same bytes; how many are left. */
static size_t add_up(struct counted *all, size_t length, size_t same)
{
  size_t left = 0;
  for (size_t i = 0; i < length; i++) {
    if (left > 0 && memcmp(&all[left - 1].flow, &all[i].flow, same) == 0) all[left - 1].packets += all[i].packets;
    else all[left++] = all[i];
  }
  return left;
}

/* How many elements were read, up to as many as there may be; -1: none, as errno says. */
static long read_map(int map, void *keys, void *values, unsigned int most)
{
  unsigned int position, read = most;
  if (most == 0) return 0;
  return bpf_map_lookup_batch(map, NULL, &position, keys, values, &read, NULL) != 0 && errno != ENOENT ? -1 : (long)read;
}

static void read_flows(struct counts *counts, const struct slot *slots, long length)
{
  for (long i = 0; i < length; i++) {
    /* One that is being filled. */
    if (slots[i].packets == 0) continue;
    counts->flows[counts->flow_count++] = (struct counted){ slots[i].flow, slots[i].packets };
  }
  qsort(counts->flows, counts->flow_count, sizeof *counts->flows, by_flow);
  counts->flow_count = add_up(counts->flows, counts->flow_count, sizeof(struct flow));
}

static void read_places(struct counts *counts, const struct place *places, const unsigned long long *packets, long length)
{
  struct counted *all = counts->places;
  size_t count = 0;
  for (; count < counts->flow_count; count++)
    all[count] = (struct counted){ { .place = counts->flows[count].flow.place }, counts->flows[count].packets };
  for (long i = 0; i < length; i++)
    if (packets[i] > 0) all[count++] = (struct counted){ { .place = places[i] }, packets[i] };
  qsort(all, count, sizeof *all, by_flow);
  counts->place_count = add_up(all, count, sizeof(struct place));
}

int read_counts(const struct count_maps *maps, struct counts *counts)
{
  unsigned int taken = maps->tally->slots < MAX_FLOWS ? maps->tally->slots : MAX_FLOWS;
  struct slot *slots = calloc(MAX_FLOWS, sizeof *slots);
  struct place *places = calloc(MAX_PLACES, sizeof *places);
  /* The places' packets, and before them the slots' numbers. */
  unsigned long long *packets = calloc(MAX_PLACES, sizeof *packets);
  *counts = (struct counts){ calloc(MAX_PLACES + MAX_FLOWS, sizeof *counts->places), calloc(MAX_FLOWS, sizeof *counts->flows), 0, 0 };
  errno = ENOMEM;
  long length = -1;
  if (slots && places && packets && counts->places && counts->flows) {
    length = read_map(maps->slots, packets, slots, taken);
    if (length >= 0) read_flows(counts, slots, length);
    if (length >= 0) length = read_map(maps->places, places, packets, MAX_PLACES);
    if (length >= 0) read_places(counts, places, packets, length);
  }
  int error = length < 0 ? errno : 0;
  free(slots);
  free(places);
  free(packets);
  if (error) {
    free_counts(counts);
    return error;
  }
  qsort(counts->places, counts->place_count, sizeof *counts->places, by_packets);
  qsort(counts->flows, counts->flow_count, sizeof *counts->flows, by_packets);
  return 0;
}

void free_counts(struct counts *counts)
{
  free(counts->places);
  free(counts->flows);
  *counts = (struct counts){};
}

size_t count_others(const struct count_maps *maps)
{
  static unsigned int keys[MAX_BITS / 64];
  static unsigned long long bits[MAX_BITS / 64];
  size_t count = 0;
  if (read_map(maps->others, keys, bits, MAX_BITS / 64) < 0) return SIZE_MAX;
  for (size_t i = 0; i < MAX_BITS / 64; i++) count += (size_t)__builtin_popcountll(bits[i]);
  return count;
}
