/* What is seen so far, for who looks on: a bounded line, which is short where little changes. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "counts.h"
#include "lines.h"
#include "live.h"

/* A table on a screen has fewer rows. */
#define LIVE_PLACES 64
#define LIVE_FLOWS 64
/* Of one place: a flood of one kind would hide all others. */
#define FLOWS_OF_PLACE 3

struct told {
  struct counted all[LIVE_PLACES];
  size_t length;
};

/* Also remembers it. */
static bool is_news(const struct counted *one, const struct told *before, struct told *now)
{
  now->all[now->length++] = *one;
  for (size_t i = 0; i < before->length; i++)
    if (memcmp(&before->all[i].flow, &one->flow, sizeof one->flow) == 0)
      return before->all[i].packets != one->packets;
  return true;
}

static bool is_one_of_many(const struct flow *flow, const struct told *now)
{
  unsigned int same = 0;
  for (size_t i = 0; i < now->length; i++)
    if (memcmp(&now->all[i].flow.place, &flow->place, sizeof flow->place) == 0) same++;
  return same >= FLOWS_OF_PLACE;
}

/* A function drops in several places of its code, whose addresses are nobody's business. */
static unsigned int site_of(const struct place *place)
{
  static unsigned int seen[MAX_PLACES];
  static unsigned int count;
  unsigned int i = 0;
  while (i < count && seen[i] != place->location) i++;
  if (i == count && count < MAX_PLACES) seen[count++] = place->location;
  return i;
}

static void print_news(const char *name, const struct counted *all, size_t length, bool are_flows, int symbols, struct told *told)
{
  struct told now = {};
  const char *comma = "";
  printf(",\"%s\":[", name);
  for (size_t i = 0; i < length && now.length < (are_flows ? LIVE_FLOWS : LIVE_PLACES); i++) {
    if (are_flows && is_one_of_many(&all[i].flow, &now)) continue;
    if (!is_news(&all[i], told, &now)) continue;
    printf("%s{\"site\":%u,", comma, site_of(&all[i].flow.place));
    print_place(&all[i], symbols);
    if (are_flows) print_flow(&all[i].flow);
    putchar('}');
    comma = ",";
  }
  putchar(']');
  *told = now;
}

void print_now(double seconds, const struct count_maps *maps)
{
  static struct told places_told, flows_told;
  struct counts counts;
  if (read_counts(maps, &counts) != 0) return;
  learn_reasons(counts.places, counts.place_count);
  printf("{\"now\":{\"seconds\":%.2f", seconds);
  print_news("places", counts.places, counts.place_count, false, maps->symbols, &places_told);
  print_news("flows", counts.flows, counts.flow_count, true, maps->symbols, &flows_told);
  printf("}}\n");
  fflush(stdout);
  free_counts(&counts);
}
