/* Which way packets to a host take, and who answers there; next-hop.sh says what is printed. */
#include <stdlib.h>
#include <string.h>

#include "probes.h"

char *next_word(char **rest) {
  char *word;
  while ((word = strsep(rest, " \t\n")) != NULL && *word == '\0') continue;
  return word;
}

static bool is_default_gateway(job *self, const char *hop) {
  text routes = {0}, ignored = {0};
  char *argv[] = {"ip", "-4", "route", "show", "default", NULL};
  job_run(self, argv, &routes, &ignored);
  bool found = false;
  char *rest = routes.data;
  for (char *word; rest != NULL && (word = next_word(&rest)) != NULL;) found |= strcmp(word, hop) == 0;
  text_free(&routes);
  text_free(&ignored);
  return found;
}

typedef struct {
  job *self;
  echo_series series;
  /* Nobody reads them: the kernel looks for the neighbour all the same. */
  text complaints;
} provocation;

/* An echo request makes the kernel look for the neighbour; where ping may not, a datagram to the discard port does too. */
static void provoke(void *argument) {
  provocation *one = argument;
  job *self = one->self;
  echo_series *series = &one->series;
  series->complaints = &one->complaints;
  echo_run(self, series);
  struct sockaddr_storage to;
  socklen_t length;
  if (series->code != 2 || !socket_address(series->address, 9, &to, &length)) return;
  int fd = job_socket(self, to.ss_family, SOCK_DGRAM, 0);
  if (fd >= 0 && sendto(fd, "\n", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, length) < 0) job_close(self, fd);
}

void probe_next_hop(job *self) {
  if (self->word_count < 1) return;
  text *out = &self->out;
  const char *address = resolve(self, self->words[0]);
  if (address == NULL) {
    text_print(out, "unresolved\n");
    return;
  }
  char *plain = (char *)without_zone(self, address), *zone = (char *)zone_of(address);
  text_print(out, "address %s\n", plain);
  text route = {0};
  char *get[] = {"ip", "route", "get", plain, zone == NULL ? NULL : "oif", zone, NULL};
  if (job_run(self, get, &route, &route) == 127) {
    text_print(out, "no ip\n");
    return;
  }
  if (route.length > 0) text_add(out, route.data, route.length);
  if (self->word_count < 2 || strcmp(self->words[1], "ask") != 0 || route.data == NULL) return;
  const char *hop = plain, *device = NULL;
  char *rest = route.data, *word = next_word(&rest);
  static const char *const no_link[] = {"RTNETLINK", "ip:", "local", "multicast", "broadcast", "Error:"};
  for (size_t i = 0; word != NULL && i < sizeof no_link / sizeof *no_link; i++)
    if (strcmp(word, no_link[i]) == 0) return;
  for (; word != NULL; word = next_word(&rest)) {
    if (strcmp(word, "via") == 0) {
      hop = next_word(&rest);
      if (hop != NULL && strcmp(hop, "inet6") == 0) hop = next_word(&rest);
      if (hop == NULL) return;
    } else if (strcmp(word, "dev") == 0) {
      device = next_word(&rest);
    }
  }
  if (device == NULL) return;
  if (strcmp(hop, plain) != 0 && is_default_gateway(self, hop)) return;
  provocation *one = job_alloc(self, sizeof *one);
  one->self = self;
  one->series = (echo_series){
      .name = address, .address = address, .count = 1, .interval_ms = 1000, .wait_ms = 2000, .size = 56};
  co_start(self, provoke, one);
  if (strchr(hop, ':') != NULL) return;
  text_print(out, "asked %s %s\n", hop, device);
  if (arp_ask(self, device, hop, false, out)) return;
  /* Debian's has a capability of its own. */
  char *ask[] = {"arping", "-b", "-c", "2", "-w", "2", "-I", (char *)device, (char *)hop, NULL};
  if (job_run(self, ask, out, out) == 127) text_print(out, "no arping\n");
}
