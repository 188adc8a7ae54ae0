/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program in the kernel and its loader share. */
#ifndef DROPS_H
#define DROPS_H

/* More flows than that are counted, and not told apart: no more are told (MAX_LINES). */
#define MAX_FLOWS 2048
/* They are looked up by a hash, in buckets of so many; with four times their room hardly one of 2,000 finds its bucket full. */
#define WAYS 8
#define MAX_BUCKETS 1024
/* One bit for each hash of a flow that is not told apart. */
#define MAX_BITS 65536
/* Pairs of a reason and a place in the kernel's code, in a namespace. A node has seen some ten. */
#define MAX_PLACES 4096
#define MAX_SYMBOLS 1024
/* Namespaces that are watched. Each has its place by its number, or one of the next ones (SPACE_TRIES). */
#define MAX_SPACES 32768
#define SPACE_TRIES 8
/* Each is in the map twice: with its port, and for packets without ports. */
#define MAX_PEERS 2048
#define SYMBOL_BYTES 64

/* Namespaces have numbers from here on (linux/proc_ns.h, PROC_DYNAMIC_FIRST and what is reserved below it), the lowest that is free. */
#define FIRST_SPACE 0xefffff00u

/* What an entry of `spaces` says: a namespace by its number, and in the lowest bits what it is watched for. 0: there is none. */
#define SPACE_ENTRY(space, watch) (((space) - FIRST_SPACE) << 2 | (watch))
#define WATCH_OF(entry) ((entry) & 3u)
/* What a namespace is watched for: all, or only the flows of the addresses that are `own`. */
#define WATCH_ALL 1
#define WATCH_OWN 2

/* The port of a peer's key that stands for packets without ports: ICMP, ARP, later fragments. */
#define NO_PORTS 0x10000u

/* The first port that Linux gives to clients (net.ipv4.ip_local_port_range). */
#define CLIENT_PORTS 32768

/* IPv4 is mapped into IPv6 (RFC 4291, 2.5.5.2). */
struct address {
  union {
    unsigned char bytes[16];
    unsigned int words[4];
    unsigned long long halves[2];
  };
};

struct peer {
  struct address address;
  /* 0: any. */
  unsigned int port;
  unsigned int unused;
};

/* Where a packet was dropped, and why. */
struct place {
  /* The lower half of an address in the kernel's code, all of which lies within 4 GiB. */
  unsigned int location;
  unsigned int reason;
  /* The inode of the network namespace. */
  unsigned int space;
};

/* No byte of it is without meaning, since it is hashed and compared as a whole. */
struct flow {
  struct place place;
  unsigned int interface;
  struct address source, destination;
  /* In the host's order; 0: it was none to be told. */
  unsigned short ethertype;
  unsigned char protocol;
  unsigned char has_ports;
  /* Of ICMP its type and code; 0: a client's port. */
  unsigned short source_port, destination_port;
};

#define FLOW_WORDS 7
_Static_assert(sizeof(struct flow) == FLOW_WORDS * 8, "a flow has padding");

/* One line of a processor's cache. */
struct slot {
  union {
    struct flow flow;
    unsigned long long words[FLOW_WORDS];
  };
  unsigned long long packets;
};

/* Each entry is 0, or BUSY, or a slot's number below a part of its flow's hash. */
struct bucket {
  unsigned int entries[WAYS];
};

struct symbol {
  char name[SYMBOL_BYTES];
};

/* What the loader says before the program is loaded; it stands alone in a section of this name. */
#define SETTINGS_SECTION ".rodata.settings"
struct settings {
  /* Odd and random, so that nobody can send packets whose flows share a bucket. */
  unsigned long long multipliers[FLOW_WORDS];
  /* Since 6.11 the tracepoint says which socket was to get the packet. */
  unsigned char has_receiver;
  /* Whether only flows with peers count. */
  unsigned char has_peers;
  /* Whether any namespace counts: `spaces` is empty then. */
  unsigned char everywhere;
};

/* What the program says besides its maps; it stands alone in a section of this name. */
#define TALLY_SECTION ".bss.tally"
struct tally {
  /* Packets for whose place there was no room, and without a namespace. */
  unsigned long long places_missed, without_space;
  /* Slots that are taken; more, once there are no more of them. */
  unsigned int slots;
};

#endif
