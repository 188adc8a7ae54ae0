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

char drops_license[] SEC("license") = "Dual BSD/GPL";

const volatile struct settings settings SEC(SETTINGS_SECTION) = {};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_SPACES);
  __type(key, __u32);
  __type(value, __u32);
} spaces SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PEERS);
  __type(key, struct peer);
  __type(value, __u8);
} peers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PEERS);
  __type(key, struct address);
  __type(value, __u8);
} own SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_FLOWS);
  __type(key, struct flow);
  __type(value, struct count);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PLACES);
  __type(key, struct place);
  __type(value, struct count);
} places SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_PLACES);
  __type(key, __u64);
  __type(value, struct symbol);
} symbols SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MISSED_KINDS);
  __type(key, __u32);
  __type(value, __u64);
} missed SEC(".maps");

static __always_inline void miss(__u32 kind)
{
  __u64 *packets = bpf_map_lookup_elem(&missed, &kind);
  if (packets) __sync_fetch_and_add(packets, 1);
}

static __always_inline bool has_missed(__u32 kind)
{
  __u64 *packets = bpf_map_lookup_elem(&missed, &kind);
  return packets && *packets > 0;
}

enum counted { COUNTED, COUNTED_FIRST, NO_ROOM };

/* One more packet under the key. Nothing is ever deleted, so that a map without room (`is_full`) is not tried in vain. */
static __always_inline enum counted count_packet(void *map, const void *key, __u32 bytes, bool is_full)
{
  enum counted result = COUNTED;
  struct count *count = bpf_map_lookup_elem(map, key);
  if (!count) {
    struct count first = {};
    if (is_full) return NO_ROOM;
    /* Another CPU may have been faster. */
    bpf_map_update_elem(map, key, &first, BPF_NOEXIST);
    count = bpf_map_lookup_elem(map, key);
    if (!count) return NO_ROOM;
    result = COUNTED_FIRST;
  }
  __sync_fetch_and_add(&count->packets, 1);
  __sync_fetch_and_add(&count->bytes, bytes);
  return result;
}

/* The name of the function: the kernel's own words, which take no right to read its addresses. */
static __always_inline void name_location(__u64 location)
{
  struct symbol symbol = {};
  static const char format[] = "%ps";
  bpf_snprintf(symbol.name, sizeof symbol.name, format, &location, sizeof location);
  bpf_map_update_elem(&symbols, &location, &symbol, BPF_NOEXIST);
}

static __always_inline void map_ipv4(struct address *address, const __u8 bytes[4])
{
  address->bytes[10] = address->bytes[11] = 0xff;
  __builtin_memcpy(&address->bytes[12], bytes, 4);
}

static __always_inline void read_ports(struct flow *flow, const void *from)
{
  __u8 bytes[4] = {};
  switch (flow->protocol) {
  case 1: case 58: /* ICMP: type and code */
    if (bpf_probe_read_kernel(bytes, 2, from)) return;
    flow->source_port = bytes[0];
    flow->destination_port = bytes[1];
    return;
  case 6: case 17: case 33: case 132: case 136: /* TCP, UDP, DCCP, SCTP, UDP-Lite */
    if (bpf_probe_read_kernel(bytes, 4, from)) return;
    flow->source_port = (__u16)bytes[0] << 8 | bytes[1];
    flow->destination_port = (__u16)bytes[2] << 8 | bytes[3];
    flow->has_ports = 1;
  }
}

static __always_inline void read_ipv4(struct flow *flow, const __u8 *at)
{
  __u8 header[20];
  if (bpf_probe_read_kernel(header, sizeof header, at) || header[0] >> 4 != 4) return;
  flow->ethertype = ETH_P_IP;
  flow->protocol = header[9];
  map_ipv4(&flow->source, &header[12]);
  map_ipv4(&flow->destination, &header[16]);
  /* A later fragment has no ports. */
  if ((header[6] & 0x1f) == 0 && header[7] == 0) read_ports(flow, at + (header[0] & 0xf) * 4);
}

static __always_inline void read_ipv6(struct flow *flow, const __u8 *at)
{
  __u8 header[40];
  if (bpf_probe_read_kernel(header, sizeof header, at) || header[0] >> 4 != 6) return;
  flow->ethertype = ETH_P_IPV6;
  __builtin_memcpy(flow->source.bytes, &header[8], 16);
  __builtin_memcpy(flow->destination.bytes, &header[24], 16);
  __u8 next = header[6];
  __u32 offset = sizeof header;
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
  read_ports(flow, at + offset);
}

static __always_inline void read_arp(struct flow *flow, const __u8 *at)
{
  __u8 body[28];
  if (bpf_probe_read_kernel(body, sizeof body, at)) return;
  flow->ethertype = ETH_P_ARP;
  map_ipv4(&flow->source, &body[14]);
  map_ipv4(&flow->destination, &body[24]);
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
  struct flow flow = {};

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
  __u32 *watch = space ? bpf_map_lookup_elem(&spaces, &space) : 0;
  if (!watch && !settings.has_receiver) {
    /* On their way into a socket packets have no device: TCP takes it away, and UDP keeps other things there. */
    space = route_space(skb->_skb_refdst);
    watch = space ? bpf_map_lookup_elem(&spaces, &space) : 0;
  }
  if (!watch) {
    if (!space && skb->protocol) miss(MISSED_SPACE);
    return 0;
  }

  __u32 bytes = skb->len;
  const __u8 *head = skb->head;
  __u16 offset = skb->network_header;
  const __u8 *at = offset == 0 || offset == 0xffff ? skb->data : head + offset;
  flow.place.location = location;
  flow.place.reason = reason;
  flow.place.space = space;
  if (device && device_space == space) flow.interface = device->ifindex;
  __u16 ethertype = bpf_ntohs(skb->protocol);
  if (ethertype == ETH_P_IP) read_ipv4(&flow, at);
  else if (ethertype == ETH_P_IPV6) read_ipv6(&flow, at);
  else if (ethertype == ETH_P_ARP) read_arp(&flow, at);
  if (!flow.ethertype) flow.ethertype = ethertype;
  if (!is_asked_for(&flow, *watch)) return 0;
  if (flow.has_ports) forget_client_port(&flow);

  enum counted place = count_packet(&places, &flow.place, bytes, false);
  if (place == NO_ROOM) {
    miss(MISSED_PLACES);
    return 0;
  }
  if (place == COUNTED_FIRST) name_location(location);
  if (count_packet(&flows, &flow, bytes, has_missed(MISSED_FLOWS)) == NO_ROOM) miss(MISSED_FLOWS);
  return 0;
}
