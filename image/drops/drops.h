/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program in the kernel and its loader share. */
#ifndef DROPS_H
#define DROPS_H

/* More flows than that are counted, and not told apart. With their counts they take 2 MiB. */
#define MAX_FLOWS 16384
/* Pairs of a reason and a place in the kernel's code, in a namespace. A node has seen some ten. */
#define MAX_PLACES 4096
#define MAX_SPACES 4096
#define MAX_PEERS 4096
#define SYMBOL_BYTES 64

/* What a namespace is watched for: all, or only the flows of the addresses that are `own`. */
#define WATCH_ALL 1
#define WATCH_OWN 2

/* The port of a peer's key that stands for packets without ports: ICMP, ARP, later fragments. */
#define NO_PORTS 0x10000u

/* The first port that Linux gives to clients (net.ipv4.ip_local_port_range). */
#define CLIENT_PORTS 32768

/* IPv4 is mapped into IPv6 (RFC 4291, 2.5.5.2). */
struct address {
  unsigned char bytes[16];
};

struct peer {
  struct address address;
  /* 0: any. */
  unsigned int port;
};

/* Where a packet was dropped, and why. */
struct place {
  unsigned long long location;
  unsigned int reason;
  /* The inode of the network namespace. */
  unsigned int space;
};

struct flow {
  struct place place;
  struct address source, destination;
  unsigned int interface;
  /* In the host's order; 0: it was none to be told. */
  unsigned short ethertype;
  unsigned char protocol;
  unsigned char has_ports;
  /* Of ICMP its type and code; 0: a client's port. */
  unsigned short source_port, destination_port;
  unsigned int unused;
};

struct count {
  unsigned long long packets, bytes;
};

struct symbol {
  char name[SYMBOL_BYTES];
};

/* What the loader says before the program is loaded; it stands alone in a section of this name. */
#define SETTINGS_SECTION ".rodata.settings"
struct settings {
  /* Since 6.11 the tracepoint says which socket was to get the packet. */
  unsigned char has_receiver;
  /* Whether only flows with peers count. */
  unsigned char has_peers;
};

/* Indexes of the array `missed`: packets that are in `places` alone, that are in neither, and without a namespace. */
#define MISSED_FLOWS 0
#define MISSED_PLACES 1
#define MISSED_SPACE 2
#define MISSED_KINDS 3

#endif
