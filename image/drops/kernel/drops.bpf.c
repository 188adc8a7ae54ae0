/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts the packets that the kernel drops, by reason, place in its code, network namespace and flow. Nothing but addresses,
 * ports and counts is kept of a packet.
 */
#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "../drops.h"
#include "kernel.h"

#define AF_INET 2
#define AF_INET6 10
#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_IPV6 0x86dd
/* Its header, without those that may follow. */
#define IPV6_BYTES 40

char drops_license[] SEC("license") = "Dual BSD/GPL";

const volatile struct settings settings SEC(SETTINGS_SECTION) = {};
struct tally tally SEC(TALLY_SECTION);

#include "flows.h"

/* No hash of the kernel's: it is asked for each packet that is dropped, whoever's. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_SPACES);
  __type(key, __u32);
  __type(value, __u32);
} spaces SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2 * MAX_PEERS);
  __type(key, struct peer);
  __type(value, __u8);
} peers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PEERS);
  __type(key, struct address);
  __type(value, __u8);
} own SEC(".maps");

/* Of packets whose flow is not told apart, how many; the others are counted with it. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PLACES);
  __type(key, struct place);
  __type(value, __u64);
} places SEC(".maps");

/* By the location of a place. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_SYMBOLS);
  __type(key, __u32);
  __type(value, struct symbol);
} symbols SEC(".maps");

static __always_inline enum counted count_place(const struct place *place)
{
  enum counted result = COUNTED;
  __u64 *packets = bpf_map_lookup_elem(&places, place);
  if (!packets) {
    __u64 none = 0;
    /* Another CPU may have been faster. */
    bpf_map_update_elem(&places, place, &none, BPF_NOEXIST);
    packets = bpf_map_lookup_elem(&places, place);
    if (!packets) return NO_ROOM;
    result = COUNTED_FIRST;
  }
  __sync_fetch_and_add(packets, 1);
  return result;
}

/* The name of the function: the kernel's own words, which take no right to read its addresses. */
static __always_inline void name_location(__u64 location)
{
  __u32 key = location;
  struct symbol symbol = {};
  static const char format[] = "%ps";
  if (bpf_map_lookup_elem(&symbols, &key)) return;
  bpf_snprintf(symbol.name, sizeof symbol.name, format, &location, sizeof location);
  bpf_map_update_elem(&symbols, &key, &symbol, BPF_NOEXIST);
}

static __always_inline void map_ipv4(struct address *address, __u32 word)
{
  address->words[2] = bpf_htonl(0xffff);
  address->words[3] = word;
}

/* The first four bytes of what IP carries. */
struct start {
  union {
    __be16 ports[2];
    __u8 bytes[4];
  };
};

/* Mostly they stand right behind the header, and are read with it: what the kernel keeps behind a packet is longer. */
struct ipv4 {
  __u8 version_and_length, service;
  __be16 length, id, fragment;
  __u8 ttl, protocol;
  __be16 checksum;
  __u32 source, destination;
  struct start start;
};

struct ipv6 {
  __u8 version, rest[3];
  __be16 length;
  __u8 next, hops;
  struct address source, destination;
  struct start start;
};

static __always_inline void take_start(struct flow *flow, const struct start *start)
{
  switch (flow->protocol) {
  case 1: case 58: /* ICMP: type and code */
    flow->source_port = start->bytes[0];
    flow->destination_port = start->bytes[1];
    return;
  case 6: case 17: case 33: case 132: case 136: /* TCP, UDP, DCCP, SCTP, UDP-Lite */
    flow->source_port = bpf_ntohs(start->ports[0]);
    flow->destination_port = bpf_ntohs(start->ports[1]);
    flow->has_ports = 1;
  }
}

static __always_inline void read_start(struct flow *flow, const void *from)
{
  struct start start;
  if (!bpf_probe_read_kernel(&start, sizeof start, from)) take_start(flow, &start);
}

static __always_inline void read_ipv4(struct flow *flow, const __u8 *at)
{
  struct ipv4 header;
  if (bpf_probe_read_kernel(&header, sizeof header, at) || header.version_and_length >> 4 != 4) return;
  flow->ethertype = ETH_P_IP;
  flow->protocol = header.protocol;
  map_ipv4(&flow->source, header.source);
  map_ipv4(&flow->destination, header.destination);
  /* A later fragment has no ports. */
  if (header.fragment & bpf_htons(0x1fff)) return;
  if (header.version_and_length == 0x45) take_start(flow, &header.start);
  else read_start(flow, at + (header.version_and_length & 0xf) * 4);
}

static __always_inline void read_ipv6(struct flow *flow, const __u8 *at)
{
  struct ipv6 header;
  if (bpf_probe_read_kernel(&header, IPV6_BYTES + sizeof header.start, at) || header.version >> 4 != 6) return;
  flow->ethertype = ETH_P_IPV6;
  flow->source = header.source;
  flow->destination = header.destination;
  __u8 next = header.next;
  __u32 offset = IPV6_BYTES;
  for (int i = 0; i < 4; i++) {
    __u8 extension[4];
    if (next != 0 && next != 43 && next != 44 && next != 60) break;
    if (bpf_probe_read_kernel(extension, sizeof extension, at + offset)) return;
    if (next == 44 && (extension[2] != 0 || extension[3] >> 3 != 0)) {
      flow->protocol = extension[0];
      return;
    }
    offset += next == 44 ? 8 : ((__u32)extension[1] + 1) * 8;
    next = extension[0];
  }
  flow->protocol = next;
  if (offset == IPV6_BYTES) take_start(flow, &header.start);
  else read_start(flow, at + offset);
}

static __always_inline void read_arp(struct flow *flow, const __u8 *at)
{
  __u8 body[28];
  __u32 sender, target;
  if (bpf_probe_read_kernel(body, sizeof body, at)) return;
  flow->ethertype = ETH_P_ARP;
  __builtin_memcpy(&sender, &body[14], 4);
  __builtin_memcpy(&target, &body[24], 4);
  map_ipv4(&flow->source, sender);
  map_ipv4(&flow->destination, target);
}

/* A client has another port for each connection: a busy server's flows would fill the map. */
static __always_inline void forget_client_port(struct flow *flow)
{
  __u16 source = flow->source_port, destination = flow->destination_port;
  if (source > destination && source >= CLIENT_PORTS) flow->source_port = 0;
  else if (destination > source && destination >= CLIENT_PORTS) flow->destination_port = 0;
}

static __always_inline bool is_peer(const struct address *address, __u32 port)
{
  struct peer peer = { .address = *address, .port = port };
  if (bpf_map_lookup_elem(&peers, &peer)) return true;
  peer.port = 0;
  return port != 0 && bpf_map_lookup_elem(&peers, &peer);
}

static __always_inline bool is_asked_for(const struct flow *flow, __u32 watch)
{
  if (watch == WATCH_OWN && !bpf_map_lookup_elem(&own, &flow->source) &&
      !bpf_map_lookup_elem(&own, &flow->destination)) return false;
  if (!settings.has_peers) return true;
  return is_peer(&flow->destination, flow->has_ports ? flow->destination_port : NO_PORTS) ||
         is_peer(&flow->source, flow->has_ports ? flow->source_port : NO_PORTS);
}

/* What the namespace is watched for; 0: it is not. */
static __always_inline __u32 watch_of(__u32 space)
{
  /* What is no number of a namespace was read from where there is something else. */
  if (space < FIRST_SPACE) return 0;
  if (settings.everywhere) return WATCH_ALL;
#pragma GCC unroll 8
  for (__u32 i = 0; i < SPACE_TRIES; i++) {
    __u32 place = (space + i) % MAX_SPACES;
    __u32 *entry = bpf_map_lookup_elem(&spaces, &place);
    if (!entry || *entry == 0) return 0;
    if (*entry == SPACE_ENTRY(space, WATCH_OF(*entry))) return WATCH_OF(*entry);
  }
  return 0;
}

/* The namespace of the interface by which the packet came or was to leave. */
static __always_inline __u32 route_space(unsigned long reference)
{
  struct dst_entry *route = (void *)(reference & ~1ul);
  struct net_device *device = 0;
  struct net *net = 0;
  __u32 space = 0;
  if (!route || bpf_probe_read_kernel(&device, sizeof device, &route->dev) || !device) return 0;
  if (bpf_probe_read_kernel(&net, sizeof net, &device->nd_net.net) || !net) return 0;
  return bpf_probe_read_kernel(&space, sizeof space, &net->ns.inum) ? 0 : space;
}

SEC("tp_btf/kfree_skb")
int on_drop(unsigned long long *context)
{
  struct sk_buff *skb = (void *)context[0];
  __u64 location = context[1];
  __u32 reason = context[2];

  __u32 space = 0;
  if (settings.has_receiver) {
    struct sock *receiver = (void *)context[3];
    if (receiver) space = receiver->__sk_common.skc_net.net->ns.inum;
  }
  struct net_device *device = skb->dev;
  __u32 device_space = device ? device->nd_net.net->ns.inum : 0;
  if (!space) space = device_space;
  if (!space) {
    struct sock *sender = skb->sk;
    if (sender) {
      unsigned short family = sender->__sk_common.skc_family;
      if (family != AF_INET && family != AF_INET6) return 0;
      space = sender->__sk_common.skc_net.net->ns.inum;
    }
  }
  __u32 watch = watch_of(space);
  if (!watch && !settings.has_receiver) {
    /* On their way into a socket packets have no device: TCP takes it away, and UDP keeps other things there. */
    space = route_space(skb->_skb_refdst);
    watch = watch_of(space);
  }
  if (!watch) {
    if (!space && skb->protocol) __sync_fetch_and_add(&tally.without_space, 1);
    return 0;
  }

  struct slot counted = {};
  struct flow *flow = &counted.flow;
  const __u8 *head = skb->head;
  __u16 offset = skb->network_header;
  const __u8 *at = offset == 0 || offset == 0xffff ? skb->data : head + offset;
  /* One store of its own: gcc 14 would merge it with the next one, and leave its upper half there. */
  *(volatile __u32 *)&flow->place.location = location;
  flow->place.reason = reason;
  flow->place.space = space;
  if (device && device_space == space) flow->interface = device->ifindex;
  __u16 ethertype = bpf_ntohs(skb->protocol);
  if (ethertype == ETH_P_IP) read_ipv4(flow, at);
  else if (ethertype == ETH_P_IPV6) read_ipv6(flow, at);
  else if (ethertype == ETH_P_ARP) read_arp(flow, at);
  if (!flow->ethertype) flow->ethertype = ethertype;
  if (!is_asked_for(flow, watch)) return 0;
  if (flow->has_ports) forget_client_port(flow);

  __u64 hash = hash_of(&counted);
  enum counted result = count_flow(&counted, hash);
  if (result == NO_ROOM) {
    note_other(hash);
    result = count_place(&flow->place);
  }
  if (result == NO_ROOM) __sync_fetch_and_add(&tally.places_missed, 1);
  if (result == COUNTED_FIRST) name_location(location);
  return 0;
}
