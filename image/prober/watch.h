/*
 * The watch: a process of its own that probes its goals again and again for hours, and keeps what it has to tell in memory
 * that others of the container read by /proc (watch-store.c). No file, no thread, no child.
 */
#ifndef WATCH_H
#define WATCH_H

#include <sys/socket.h>

#include "core.h"

/* watch-start ID, watch-follow ID FROM, watch-stop ID; the exit code. */
int watch_main(int argc, char **argv);

/* watch-store.c: a ring of records that one process writes and others read. */

/* False: there is no such memory to be had (errno). */
bool store_create(const char *id);
/* One record: a line, and bytes behind it. The oldest make room. */
void store_add(const char *line, const void *bytes, size_t count);
/* When somebody last read, in microseconds since boot, and whether all has been read. */
int64_t store_seen_us(void);
bool store_is_read(void);
/* Prints the records from an offset on as they come, until the last; tells the writer that somebody reads. */
int store_follow(const char *id, uint64_t from);
/* The process that writes it; 0: there is none. */
pid_t store_writer(const char *id);

/* watch-packets.c: the headers of the last packets that have to do with some addresses. */

/* Opens the socket; false: this process may not (NET_RAW). */
bool packets_open(void);
/* The addresses that count from now on, as struct sockaddr_storage. False: the kernel does not take the filter. */
bool packets_filter(const struct sockaddr_storage *addresses, int count);

/* A conversation whose packets are counted: by the ports of TCP and UDP, or the identifier of echo requests. */
typedef struct {
  struct sockaddr_storage to;
  /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP (of both families). */
  int protocol;
  /* In network order: the own port, or the identifier. */
  uint16_t mark;
  bool open;
  int out, in;
} heard;

/* Takes what has come, for the ring and for the conversations. */
void packets_take(heard *const all[], int count);
/* ARP requests that went out, and packets that the kernel had no room for, since the beginning. */
uint64_t packets_arp(void);
uint64_t packets_unheard(void);
/* Adds the ring as a pcap file, and empties it. Returns how many packets that were. */
int packets_freeze(text *to);

/* watch-kernel.c: what the kernel knows at a moment, as words KEY=VALUE. */

/* Of the way to an address: rt, nb, link. */
void kernel_way(text *to, const struct sockaddr_storage *address);
/* Keeps the counters as they are now, and adds those that have grown since they were kept. */
void kernel_keep_counters(void);
void kernel_grown_counters(text *to);
/* The connection table, where it is to be seen. */
void kernel_conntrack(text *to);

/* Adds text as one word without spaces: what is no plain character as %XX. */
void add_word(text *to, const char *word);

#endif
