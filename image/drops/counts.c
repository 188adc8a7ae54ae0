/* Reads the counts out of the kernel: a whole map in one call, since thousands of flows are read every second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "counts.h"

static int by_packets(const void *a, const void *b)
{
  const struct counted *one = a, *other = b;
  if (one->count.packets != other->count.packets) return one->count.packets < other->count.packets ? 1 : -1;
  return memcmp(&one->flow, &other->flow, sizeof one->flow);
}

struct counted *read_counts(int map, size_t key_size, size_t most, size_t *length)
{
  struct counted *all = calloc(most, sizeof *all);
  struct count *counts = calloc(most, sizeof *counts);
  unsigned char *keys = calloc(most, key_size);
  unsigned int position, read = (unsigned int)most;
  *length = 0;
  if (!all || !counts || !keys) {
    free(all);
    all = NULL;
  } else if (bpf_map_lookup_batch(map, NULL, &position, keys, counts, &read, NULL) != 0 && errno != ENOENT) read = 0;
  for (unsigned int i = 0; all && i < read; i++) {
    if (counts[i].packets == 0) continue;
    struct counted *one = &all[(*length)++];
    memcpy(&one->flow, keys + i * key_size, key_size);
    one->count = counts[i];
  }
  free(counts);
  free(keys);
  if (all) qsort(all, *length, sizeof *all, by_packets);
  return all;
}
