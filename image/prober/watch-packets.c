/*
 * The headers of the last packets to and from some addresses, by a packet socket. What is none of the watch's business is
 * dropped by a filter in the kernel: of TCP it passes what opens, ends and refuses connections, however busy the target is.
 */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

/* Enough for the headers of IPv6 and TCP with options, and for those that an ICMP error quotes. */
#define SNAP_BYTES 128
/* In all, with a header for each; as much again while a pcap file is made of it. */
#define RING_BYTES (96u * 1024)
#define SLOT_BYTES (SNAP_BYTES + sizeof(record))
#define SLOTS (RING_BYTES / SLOT_BYTES)
/* More in one go would keep the probes waiting: what the socket has no room for is counted. */
#define MOST_AT_ONCE 2000
#define SOCKET_BYTES (256 * 1024)
/* Of 64 goals and the name servers. */
#define MOST_ADDRESSES 72

typedef struct {
  int64_t ns;
  uint32_t length;
  uint16_t kept, protocol, way, hardware;
  uint8_t from_length, from[8];
} record;

static int listener = -1;
static uint8_t *slots;
static size_t next_slot, used_slots;
static uint64_t arp_out, unheard;

/* One comparison for each and side, far less than net.core.optmem_max has room for. */
static struct sock_filter program[512];
static unsigned short instructions;
/* Odd: the four words of an IPv6 address are compared as one that is made of them, so that each is one comparison. */
#define MIX 0x9e3779b1u

static void emit(uint16_t code, uint8_t yes, uint8_t no, uint32_t value) {
  if (instructions < sizeof program / sizeof *program)
    program[instructions++] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = value};
}

static void load(uint16_t size, uint32_t at) { emit((uint16_t)(BPF_LD | size | BPF_ABS), 0, 0, at); }
static void pass(void) { emit(BPF_RET | BPF_K, 0, 0, SNAP_BYTES); }
static void refuse(void) { emit(BPF_RET | BPF_K, 0, 0, 0); }
static void accept_if(uint32_t value) {
  emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
  pass();
}

/* What matches one of them is accepted; the program goes on with the rest. MOST_ADDRESSES is within the reach of a jump. */
static void accept_any(const uint32_t *values, int count) {
  for (int i = 0; i < count; i++) emit(BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(count - i), 0, values[i]);
  emit(BPF_JMP | BPF_JA, 0, 0, 1);
  pass();
}

static void four(const struct sockaddr_storage *all, int count) {
  load(BPF_B, 9);
  accept_if(IPPROTO_ICMP);
  emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, IPPROTO_TCP);
  load(BPF_H, 6);
  emit(BPF_JMP | BPF_JSET | BPF_K, 3, 0, 0x1fff);
  emit(BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0);
  emit(BPF_LD | BPF_B | BPF_IND, 0, 0, 13);
  /* FIN, SYN, RST */
  emit(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 7);
  refuse();
  uint32_t values[MOST_ADDRESSES];
  int used = 0;
  for (int i = 0; i < count; i++)
    if (all[i].ss_family == AF_INET) values[used++] = ntohl(((const struct sockaddr_in *)&all[i])->sin_addr.s_addr);
  for (int side = 0; side < 2; side++) {
    load(BPF_W, side == 0 ? 12 : 16);
    accept_any(values, used);
  }
  refuse();
}

static void six(const struct sockaddr_storage *all, int count) {
  load(BPF_B, 6);
  accept_if(IPPROTO_ICMPV6);
  emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, IPPROTO_TCP);
  load(BPF_B, 40 + 13);
  emit(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 7);
  refuse();
  uint32_t values[MOST_ADDRESSES];
  int used = 0;
  for (int i = 0; i < count; i++) {
    if (all[i].ss_family != AF_INET6) continue;
    uint32_t words[4];
    memcpy(words, &((const struct sockaddr_in6 *)&all[i])->sin6_addr, sizeof words);
    values[used] = ntohl(words[0]);
    for (int word = 1; word < 4; word++) values[used] = (values[used] * MIX) ^ ntohl(words[word]);
    used++;
  }
  for (int side = 0; side < 2; side++) {
    uint32_t at = side == 0 ? 8 : 24;
    load(BPF_W, at);
    for (uint32_t word = 1; word < 4; word++) {
      emit(BPF_ALU | BPF_MUL | BPF_K, 0, 0, MIX);
      emit(BPF_MISC | BPF_TAX, 0, 0, 0);
      load(BPF_W, at + 4 * word);
      emit(BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0);
    }
    accept_any(values, used);
  }
  refuse();
}

bool packets_filter(const struct sockaddr_storage *all, int count) {
  if (listener < 0 || count > MOST_ADDRESSES) return false;
  instructions = 0;
  load(BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
  accept_if(ETHERTYPE_ARP);
  emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ETHERTYPE_IP);
  unsigned short to_four = instructions;
  emit(BPF_JMP | BPF_JA, 0, 0, 0);
  emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ETHERTYPE_IPV6);
  refuse();
  six(all, count);
  program[to_four].k = (uint32_t)(instructions - to_four - 1);
  four(all, count);
  struct sock_fprog filter = {.len = instructions, .filter = program};
  return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

bool packets_open(void) {
  listener = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return false;
  int size = SOCKET_BYTES, on = 1;
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(listener, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  bool filtered = packets_filter(NULL, 0);
  /* Bound behind its filter: not one packet comes before it. */
  struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  if (!filtered || bind(listener, (struct sockaddr *)&all, sizeof all) != 0) {
    close(listener);
    listener = -1;
    return false;
  }
  slots = must(calloc(SLOTS, SLOT_BYTES));
  return true;
}

static bool same_address(const struct sockaddr_storage *to, const uint8_t *bytes) {
  if (to->ss_family == AF_INET6) return memcmp(&((const struct sockaddr_in6 *)to)->sin6_addr, bytes, 16) == 0;
  return memcmp(&((const struct sockaddr_in *)to)->sin_addr, bytes, 4) == 0;
}

/* A packet of one of the conversations is counted for it. */
static void count_for(heard *const all[], int count, const uint8_t *packet, size_t size, bool is_six, bool outgoing) {
  if (size < 20) return;
  size_t header = is_six ? 40 : (size_t)(packet[0] & 15) * 4;
  if (size < header + 8) return;
  const uint8_t *source = packet + (is_six ? 8 : 12), *target = packet + (is_six ? 24 : 16), *inner = packet + header;
  int protocol = packet[is_six ? 6 : 9];
  if (protocol == IPPROTO_ICMPV6) protocol = IPPROTO_ICMP;
  for (int i = 0; i < count; i++) {
    heard *one = all[i];
    if (!one->open || one->protocol != protocol || (one->to.ss_family == AF_INET6) != is_six) continue;
    bool echo = protocol == IPPROTO_ICMP;
    uint16_t out_mark, in_mark;
    memcpy(&out_mark, inner + (echo ? 4 : 0), 2);
    memcpy(&in_mark, inner + (echo ? 4 : 2), 2);
    bool request = !echo || inner[0] == ICMP_ECHO || inner[0] == ICMP6_ECHO_REQUEST;
    if (outgoing && request && out_mark == one->mark && same_address(&one->to, target)) one->out++;
    if (!outgoing && (!echo || !request) && in_mark == one->mark && same_address(&one->to, source)) one->in++;
  }
}

void packets_take(heard *const all[], int count) {
  if (listener < 0) return;
  for (int i = 0; i < MOST_AT_ONCE; i++) {
    uint8_t bytes[SNAP_BYTES];
    char control[128];
    struct sockaddr_ll from;
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(listener, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) break;
    size_t kept = (size_t)length < sizeof bytes ? (size_t)length : sizeof bytes;
    record head = {.length = (uint32_t)length,
                   .kept = (uint16_t)kept,
                   .protocol = from.sll_protocol,
                   .way = from.sll_pkttype,
                   .hardware = from.sll_hatype,
                   .from_length = from.sll_halen > 8 ? 8 : from.sll_halen};
    memcpy(head.from, from.sll_addr, sizeof head.from);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      struct timespec at;
      memcpy(&at, CMSG_DATA(c), sizeof at);
      head.ns = (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
    }
    uint8_t *slot = slots + next_slot * SLOT_BYTES;
    memcpy(slot, &head, sizeof head);
    memcpy(slot + sizeof head, bytes, kept);
    next_slot = (next_slot + 1) % SLOTS;
    if (used_slots < SLOTS) used_slots++;
    bool outgoing = from.sll_pkttype == PACKET_OUTGOING;
    uint16_t protocol = ntohs(from.sll_protocol);
    /* What is for another machine's address did not come to this one. */
    if (from.sll_pkttype == PACKET_OTHERHOST) continue;
    if (protocol == ETHERTYPE_ARP) arp_out += outgoing;
    else count_for(all, count, bytes, kept, protocol == ETHERTYPE_IPV6, outgoing);
  }
  struct tpacket_stats stats;
  socklen_t size = sizeof stats;
  /* Reading them sets them back. */
  if (getsockopt(listener, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) unheard += stats.tp_drops;
}

uint64_t packets_arp(void) { return arp_out; }
uint64_t packets_unheard(void) { return unheard; }

static void put(uint8_t *to, unsigned value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
}

int packets_freeze(text *to) {
  if (listener < 0) return 0;
  /* pcap with nanoseconds; LINKTYPE_LINUX_SLL (113), which knows the direction and every kind of link. */
  const uint32_t file[] = {0xa1b23c4d, 0x00040002, 0, 0, SNAP_BYTES + 16, 113};
  text_add(to, file, sizeof file);
  int count = (int)used_slots;
  for (size_t i = 0; i < used_slots; i++) {
    const uint8_t *slot = slots + ((next_slot + SLOTS - used_slots + i) % SLOTS) * SLOT_BYTES;
    record head;
    memcpy(&head, slot, sizeof head);
    const uint32_t packet[] = {(uint32_t)(head.ns / 1000000000), (uint32_t)(head.ns % 1000000000), head.kept + 16u,
                               head.length + 16u};
    uint8_t link[16] = {0};
    put(link, head.way);
    put(link + 2, head.hardware);
    put(link + 4, head.from_length);
    memcpy(link + 6, head.from, 8);
    memcpy(link + 14, &head.protocol, 2);
    text_add(to, packet, sizeof packet);
    text_add(to, link, sizeof link);
    text_add(to, slot + sizeof head, head.kept);
  }
  used_slots = 0;
  return count;
}
