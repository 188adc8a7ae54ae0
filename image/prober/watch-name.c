#include "watch-name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns-message.h"
#include "probes.h"

#define MOST_SEARCH 16

static char servers[MOST_SERVERS][64];
static struct sockaddr_storage addresses[MOST_SERVERS];
static socklen_t lengths[MOST_SERVERS];
static int server_count, ndots, search_count;
static char search[MOST_SEARCH][256];

static void add_server(const char *word) {
  if (server_count == MOST_SERVERS || !socket_address(word, 53, &addresses[server_count], &lengths[server_count])) return;
  snprintf(servers[server_count++], sizeof *servers, "%s", word);
}

/* Anew each time: a pod's resolv.conf stays, a machine's changes with its network. */
static void read_config(void) {
  server_count = search_count = 0;
  ndots = 1;
  memset(addresses, 0, sizeof addresses);
  FILE *file = fopen("/etc/resolv.conf", "re");
  if (file == NULL) return;
  static char line[4096];
  while (fgets(line, sizeof line, file) != NULL) {
    char *rest = line, *key = next_word(&rest), *word;
    if (key == NULL) continue;
    if (strcmp(key, "nameserver") == 0 && (word = next_word(&rest)) != NULL) add_server(word);
    if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0)
      for (search_count = 0; search_count < MOST_SEARCH && (word = next_word(&rest)) != NULL;)
        snprintf(search[search_count++], sizeof *search, "%s", word);
    if (strcmp(key, "options") == 0)
      while ((word = next_word(&rest)) != NULL)
        if (strncmp(word, "ndots:", 6) == 0) ndots = atoi(word + 6);
  }
  fclose(file);
}

bool name_in_hosts(const char *name, struct sockaddr_storage *to, socklen_t *length) {
  FILE *file = fopen("/etc/hosts", "re");
  if (file == NULL) return false;
  static char line[4096];
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "#")] = '\0';
    char *rest = line, *address = next_word(&rest), *word;
    while (!found && address != NULL && (word = next_word(&rest)) != NULL)
      found = strcasecmp(word, name) == 0 && socket_address(address, 0, to, length);
  }
  fclose(file);
  return found;
}

/* False: there are no more. */
static bool set_candidate(lookup *one) {
  const char *name = one->name;
  size_t length = strlen(name);
  int dots = 0;
  for (const char *c = name; *c != '\0'; c++) dots += *c == '.';
  bool absolute = length > 0 && name[length - 1] == '.';
  int at = one->candidate, all = absolute ? 1 : search_count + 1;
  if (at >= all) return false;
  /* The name as it is comes first where it has dots enough, else last. */
  bool as_it_is = absolute || at == (dots >= ndots ? 0 : search_count);
  if (as_it_is) snprintf(one->asked, sizeof one->asked, "%s", name);
  else snprintf(one->asked, sizeof one->asked, "%.120s.%.130s", name, search[dots >= ndots ? at - 1 : at]);
  return true;
}

static void use_server(lookup *one, int at) {
  one->server_at = at;
  snprintf(one->server, sizeof one->server, "%s", servers[at]);
  one->to = addresses[at];
  one->to_length = lengths[at];
}

bool lookup_next_server(lookup *one) {
  if (one->server_at + 1 >= server_count) return false;
  use_server(one, one->server_at + 1);
  return true;
}

int lookup_servers(struct sockaddr_storage to[MOST_SERVERS]) {
  memcpy(to, addresses, sizeof addresses);
  return server_count;
}

bool lookup_begin(lookup *one) {
  read_config();
  if (server_count == 0) add_server("127.0.0.1");
  use_server(one, 0);
  /* The search list may be shorter by now. */
  if (one->known && set_candidate(one)) return true;
  one->known = one->six = false;
  one->candidate = 0;
  return set_candidate(one);
}

size_t lookup_question(lookup *one, uint8_t *to) {
  one->id = (uint16_t)((uint64_t)now_us() * 2654435761u >> 13);
  return dns_question(to, one->id, one->asked, one->six ? "AAAA" : "A");
}

/* The first address among dig's lines. */
static bool address_in(const char *lines, bool six, int port, struct sockaddr_storage *to, socklen_t *length) {
  const char *mark = six ? "\tIN\tAAAA\t" : "\tIN\tA\t";
  const char *at = lines == NULL ? NULL : strstr(lines, mark);
  if (at == NULL) return false;
  at += strlen(mark);
  char address[64];
  size_t size = strcspn(at, "\n");
  if (size >= sizeof address) return false;
  memcpy(address, at, size);
  address[size] = '\0';
  return socket_address(address, port, to, length);
}

enum lookup_result lookup_answer(lookup *one, const uint8_t *bytes, size_t size, int port, struct sockaddr_storage *to,
                                 socklen_t *length, char *word, size_t room) {
  text lines = {0};
  if (dns_print(&lines, bytes, size, one->id) != DNS_ANSWER) {
    text_free(&lines);
    return LOOKUP_OTHER;
  }
  const char *status = strstr(lines.data, "status: ");
  size_t word_length = status == NULL ? 0 : strcspn(status + 8, ",");
  if (word_length >= room) word_length = room - 1;
  if (status != NULL) memcpy(word, status + 8, word_length);
  word[word_length] = '\0';
  bool none = strcmp(word, "NOERROR") == 0, absent = strcmp(word, "NXDOMAIN") == 0;
  bool found = none && address_in(lines.data, one->six, port, to, length);
  text_free(&lines);
  if (found) {
    one->known = true;
    return LOOKUP_FOUND;
  }
  if (!none && !absent) return LOOKUP_FAILED;
  if (none && !absent) snprintf(word, room, "no address");
  bool was_known = one->known;
  one->known = false;
  /* What it was is what it is no more: the next probe walks the whole list again. */
  if (was_known) return LOOKUP_NONE;
  if (none && !one->six) {
    one->six = true;
    return LOOKUP_NEXT;
  }
  one->six = false;
  one->candidate++;
  return set_candidate(one) ? LOOKUP_NEXT : LOOKUP_NONE;
}
