/* The largest packet that reaches a host with fragmentation forbidden; path-mtu.sh says what is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes.h"

#define SMALL 84
/* Less than any IPv4 host has to take (RFC 791), so that a lie cannot lead the search astray. */
#define LEAST_MTU 576
/* Sizes that are tried at the same time. */
#define AT_ONCE 8

typedef struct {
  job *self;
  const char *name, *address;
  int headers, wait_ms, size, sent, received, *left;
} attempt;

static int try_size(attempt *one, int size, int count, echo_series *series) {
  *series = (echo_series){.name = one->name,
                          .address = one->address,
                          .count = count,
                          .interval_ms = 200,
                          .wait_ms = one->wait_ms,
                          .size = size - one->headers,
                          .complaints = &one->self->err,
                          .probe_df = true,
                          .one_answer = true};
  echo_run(one->self, series);
  return series->received;
}

/* Of the search proper: says what it found. */
static int say(attempt *one, int size, int count, int *announced) {
  echo_series series;
  int received = try_size(one, size, count, &series);
  text *out = &one->self->out;
  text_print(out, "bytes %d sent %d received %d\n", size, series.sent, received);
  if (series.announced > 0) text_print(out, "icmp %s\n", series.announcement);
  *announced = series.announced;
  return received;
}

static void try_one(void *argument) {
  attempt *one = argument;
  echo_series series;
  one->received = try_size(one, one->size, 2, &series);
  (*one->left)--;
}

static int first_number(const char *path) {
  FILE *file = fopen(path, "re");
  int number = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "%d", &number) != 1) number = 0;
  fclose(file);
  return number;
}

/* The word after KEY on the first line. */
static bool word_after(const text *line, const char *key, char *to, size_t size) {
  const char *end = line->data == NULL ? NULL : line->data + strcspn(line->data, "\n");
  const char *at = line->data == NULL ? NULL : strstr(line->data, key);
  if (at == NULL || at >= end) return false;
  at += strlen(key);
  snprintf(to, size, "%.*s", (int)strcspn(at, " \n"), at);
  return to[0] != '\0';
}

void probe_path_mtu(job *self) {
  if (self->word_count < 1) return;
  text *out = &self->out;
  const char *name = self->words[0];
  const char *address = resolve(self, name);
  if (address == NULL) {
    text_print(out, "refused ping: %s: Name or service not known\n", name);
    return;
  }
  attempt one = {.self = self, .name = name, .address = address, .headers = strchr(address, ':') ? 48 : 28};
  one.wait_ms = 1000;
  echo_series small;
  int received = try_size(&one, SMALL - 28 + one.headers, 2, &small);
  if (small.code == 2) {
    text_print(out, "refused %s", self->err.data == NULL ? "ping: it could not be sent\n" : self->err.data);
    return;
  }
  char *plain = (char *)without_zone(self, address), *zone = (char *)zone_of(address);
  text_print(out, "address %s\n", plain);
  text route = {0}, ignored = {0};
  char *get[] = {"ip", "-o", "route", "get", plain, zone == NULL ? NULL : "oif", zone, NULL};
  job_run(self, get, &route, &ignored);
  char device[64] = "eth0", path[160], word[32];
  word_after(&route, " dev ", device, sizeof device);
  text_free(&route);
  if (strcmp(device, "lo") == 0) {
    text_print(out, "loopback\n");
    return;
  }
  int full = 1500;
  snprintf(path, sizeof path, "/sys/class/net/%s/mtu", device);
  int link = first_number(path);
  if (link > 0) {
    full = link;
    text_print(out, "link %s %d\n", device, link);
  }
  /* The route's own limit; "get" alone would show what was learned of the path before. */
  char *match[] = {"ip", "-o", "route", "get", "fibmatch", plain, zone == NULL ? NULL : "oif", zone, NULL};
  job_run(self, match, &route, &ignored);
  if (word_after(&route, " mtu lock ", word, sizeof word) || word_after(&route, " mtu ", word, sizeof word)) {
    int limit = atoi(word);
    if (limit > 0) {
      text_print(out, "route-mtu %d\n", limit);
      if (limit < full) full = limit;
    }
  }
  text_free(&route);
  text_free(&ignored);
  text_print(out, "bytes %d sent %d received %d\n", SMALL, small.sent, received);
  if (received == 0) {
    if (small.announcement[0] != '\0') text_print(out, "icmp %s\n", small.announcement);
    text_print(out, "no-answer\n");
    return;
  }
  /* How long an answer may take: a large packet's takes little more than a small one's. */
  if (small.max_us < 100000) one.wait_ms = 400;
  /* What comes now is large: it would disturb what is timed. */
  job_loads(self);
  int size = full, announced;
  if (say(&one, size, 3, &announced) > 0) {
    text_print(out, "path-mtu %d\n", size);
    return;
  }
  for (int i = 0; i < 4 && announced >= LEAST_MTU && announced < size; i++) {
    size = announced;
    if (say(&one, size, 2, &announced) > 0) {
      text_print(out, "path-mtu %d\n", size);
      return;
    }
  }
  /* Silence: eight sizes at a time, until two neighbours differ. */
  int low = SMALL, high = size;
  attempt *parts = job_alloc(self, sizeof *parts * AT_ONCE);
  int *left = job_alloc(self, sizeof *left);
  for (int round = 0; round < 6 && high - low > 1; round++) {
    int used = 0;
    for (int part = 1; part <= AT_ONCE; part++) {
      int step = low + (high - low) * part / (AT_ONCE + 1);
      if (step <= low || (used > 0 && step == parts[used - 1].size)) continue;
      parts[used] = one;
      parts[used].size = step;
      parts[used].left = left;
      used++;
    }
    *left = used;
    for (int i = 0; i < used; i++) co_start(self, try_one, &parts[i]);
    while (*left > 0) co_sleep(5000);
    int best = low;
    for (int i = 0; i < used; i++)
      if (parts[i].received > 0 && parts[i].size > best) best = parts[i].size;
    for (int i = 0; i < used; i++)
      if (parts[i].received == 0 && parts[i].size > best && parts[i].size < high) high = parts[i].size;
    low = best;
  }
  if (say(&one, low, 2, &announced) == 0) {
    text_print(out, "no-answer\n");
    return;
  }
  text_print(out, "path-mtu %d\n", say(&one, high, 3, &announced) > 0 ? high : low);
}
