/* Who else has this target's own IPv4 addresses; duplicates.sh says what is printed. */
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>

#include "probes.h"

/* All are asked at the same time; a node may have a hundred addresses. */
#define MOST_ADDRESSES 32

typedef struct {
  job *self;
  char device[64], address[64];
} own_address;

/* Each line of what was said, after the address that it is about. */
static void say_of(own_address *one, const text *said) {
  const char *line = said->data;
  while (line != NULL && *line != '\0') {
    int length = (int)strcspn(line, "\n");
    text_print(&one->self->out, "own %s %s %.*s\n", one->address, one->device, length, line);
    line += length + (line[length] == '\n');
  }
}

static void ask(void *argument) {
  own_address *one = argument;
  text said = {0};
  if (arp_ask(one->self, one->device, one->address, true, &said)) say_of(one, &said);
  text_free(&said);
}

/* Whether the kernel lets this process send ARP at all; arping may have a capability of its own. */
static bool may_ask(job *self) {
  int fd = job_socket(self, AF_PACKET, SOCK_DGRAM, 0);
  if (fd >= 0) job_close(self, fd);
  return fd >= 0;
}

void probe_duplicates(job *self) {
  if (!may_ask(self)) {
    probe_program(self);
    return;
  }
  text listed = {0}, ignored = {0};
  char *list[] = {"ip", "-4", "-o", "addr", "show", "scope", "global", NULL};
  int code = job_run(self, list, &listed, &ignored);
  text_free(&ignored);
  if (code == 127) text_print(&self->out, "no ip\n");
  own_address *all = job_alloc(self, sizeof *all * MOST_ADDRESSES);
  char *lines = listed.data;
  int more = 0;
  for (int i = 0; lines != NULL;) {
    char *line = strsep(&lines, "\n"), *words[4];
    int count = 0;
    while (count < 4 && (words[count] = next_word(&line)) != NULL) count++;
    if (count < 4 || strlen(words[1]) >= sizeof all->device || strlen(words[3]) >= sizeof all->address) continue;
    if (i == MOST_ADDRESSES) {
      more++;
      continue;
    }
    words[3][strcspn(words[3], "/")] = '\0';
    own_address *one = &all[i++];
    one->self = self;
    strcpy(one->device, words[1]);
    strcpy(one->address, words[3]);
    co_start(self, ask, one);
  }
  text_free(&listed);
  if (more > 0) text_print(&self->out, "more %d\n", more);
}
