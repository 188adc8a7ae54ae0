/* Names of goals, looked up as the C library does, without it: it would block, and need a process. */
#ifndef WATCH_NAME_H
#define WATCH_NAME_H

#include <sys/socket.h>

#include "core.h"

/* A name, and how far its look-up has come. */
typedef struct {
  const char *name;
  /* Which of the words that the search list makes of it, and which type: the one that was answered is asked next time. */
  int candidate;
  bool six, known;
  uint16_t id;
  /* The server that is asked now, by its place in resolv.conf. */
  int server_at;
  char asked[256], server[64];
  struct sockaddr_storage to;
  socklen_t to_length;
} lookup;

/* Of resolv.conf: the C library reads no more (resolv.conf(5), MAXNS). */
#define MOST_SERVERS 3

/* Whether the name is in /etc/hosts; then its address. */
bool name_in_hosts(const char *name, struct sockaddr_storage *to, socklen_t *length);
/* Begins anew: at the first server, with what was answered before, or with the first candidate. False: there is no name. */
bool lookup_begin(lookup *one);
/* Goes on to the next server, as the C library does with one that is silent or fails. False: there is no other. */
bool lookup_next_server(lookup *one);
/* The servers as they were read last; how many. */
int lookup_servers(struct sockaddr_storage to[MOST_SERVERS]);
/* The question as bytes; 0: no name can be that. */
size_t lookup_question(lookup *one, uint8_t *to);

/* LOOKUP_NEXT: ask once more, for the next candidate. LOOKUP_OTHER: not an answer to this. */
enum lookup_result { LOOKUP_FOUND, LOOKUP_NEXT, LOOKUP_NONE, LOOKUP_FAILED, LOOKUP_OTHER };
/* Reads an answer; `word`: its status. */
enum lookup_result lookup_answer(lookup *one, const uint8_t *bytes, size_t size, int port, struct sockaddr_storage *to,
                                 socklen_t *length, char *word, size_t room);

#endif
