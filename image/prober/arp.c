/* ARP requests, printed as iputils' arping prints them; arping itself would wait a second between the two. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "probes.h"

#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IP 0x0800
#define AGAIN_US 100000
/* An answer may take a second (RFC 5227, 1.1: PROBE_MAX, ANNOUNCE_WAIT). */
#define ANSWER_US 1000000
/* The largest hardware address that a packet socket knows, and the header and the addresses of a request. */
#define MOST_ADDRESS 8
#define MOST_PACKET (8 + 2 * MOST_ADDRESS + 2 * 4)

typedef struct {
  int fd;
  struct sockaddr_ll own;
  /* In network order; no source: as RFC 5227 asks who else has an address. */
  in_addr_t source, asked;
  int sent, received, requests, broadcasts;
  int64_t last_us;
} asker;

static int send_request(asker *from) {
  uint8_t packet[MOST_PACKET] = {0}, *at = packet;
  const uint8_t size = from->own.sll_halen;
  struct arphdr head = {.ar_hrd = htons(from->own.sll_hatype == ARPHRD_FDDI ? ARPHRD_ETHER : from->own.sll_hatype),
                        .ar_pro = htons(ETHERTYPE_IP),
                        .ar_hln = size,
                        .ar_pln = 4,
                        .ar_op = htons(ARPOP_REQUEST)};
  memcpy(at, &head, sizeof head);
  at += sizeof head;
  memcpy(at, from->own.sll_addr, size);
  at += size;
  memcpy(at, &from->source, 4);
  at += 4 + size;
  memcpy(at, &from->asked, 4);
  at += 4;
  struct sockaddr_ll everybody = from->own;
  memset(everybody.sll_addr, 0xff, sizeof everybody.sll_addr);
  from->last_us = now_us();
  ssize_t sent = sendto(from->fd, packet, (size_t)(at - packet), MSG_NOSIGNAL, (struct sockaddr *)&everybody,
                        sizeof everybody);
  if (sent < 0) return errno;
  from->sent++;
  return 0;
}

static const char *dotted(const uint8_t *address, char *to) {
  return inet_ntop(AF_INET, address, to, INET_ADDRSTRLEN);
}

/* One packet, where it answers; what else comes is none of ours (arping.c, recv_pack). */
static void take_packet(asker *from, text *out) {
  uint8_t bytes[256];
  struct sockaddr_ll sender = {0};
  socklen_t length = sizeof sender;
  ssize_t got = recvfrom(from->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&sender, &length);
  struct arphdr head;
  const size_t size = from->own.sll_halen;
  if (got < 0 || (size_t)got < sizeof head + 2 * size + 8) return;
  memcpy(&head, bytes, sizeof head);
  bool is_reply = head.ar_op == htons(ARPOP_REPLY);
  bool is_whole = head.ar_pro == htons(ETHERTYPE_IP) && head.ar_hln == size && head.ar_pln == 4;
  bool is_ours = sender.sll_pkttype == PACKET_HOST || sender.sll_pkttype == PACKET_BROADCAST ||
                 sender.sll_pkttype == PACKET_MULTICAST;
  if (!is_whole || !is_ours || (!is_reply && head.ar_op != htons(ARPOP_REQUEST))) return;
  const uint8_t *hardware = bytes + sizeof head, *source = hardware + size, *to_hardware = source + 4,
                *to = to_hardware + size;
  if (memcmp(source, &from->asked, 4) != 0) return;
  if (from->source == 0 ? memcmp(hardware, from->own.sll_addr, size) == 0
                        : memcmp(to, &from->source, 4) != 0 || memcmp(to_hardware, from->own.sll_addr, size) != 0)
    return;
  bool is_unicast = sender.sll_pkttype == PACKET_HOST;
  from->received++;
  from->requests += !is_reply;
  from->broadcasts += !is_unicast;
  char word[INET_ADDRSTRLEN];
  text_print(out, "%s %s from %s [", is_unicast ? "Unicast" : "Broadcast", is_reply ? "reply" : "request",
             dotted(source, word));
  for (size_t i = 0; i < size; i++) text_print(out, "%s%02X", i == 0 ? "" : ":", hardware[i]);
  int64_t us = woken_us() > from->last_us ? woken_us() - from->last_us : 0;
  text_print(out, "]  %lld.%03lldms\n", (long long)(us / 1000), (long long)(us % 1000));
}

static void listen_until(asker *from, text *out, int64_t until) {
  while (co_wait(from->fd, POLLIN, until) != 0) take_packet(from, out);
}

/* The target's address on the way to another on the device's link, as the kernel chooses it: 0, or its errno. */
static int own_source(job *self, const char *device, in_addr_t asked, in_addr_t *source) {
  int fd = job_socket(self, AF_INET, SOCK_DGRAM, 0), on = 1, failed = 0;
  if (fd < 0) return errno;
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(1025), .sin_addr = {asked}}, here = {0};
  socklen_t length = sizeof here;
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_DONTROUTE, &on, sizeof on) != 0 ||
      connect(fd, (struct sockaddr *)&there, sizeof there) != 0 ||
      getsockname(fd, (struct sockaddr *)&here, &length) != 0)
    failed = errno;
  job_close(self, fd);
  *source = here.sin_addr.s_addr;
  return failed;
}

/* False: said why it cannot be asked there. */
static bool open_asker(job *self, const char *device, bool whoever_else, asker *to, text *out) {
  struct ifreq link = {0};
  if (strlen(device) >= sizeof link.ifr_name) {
    text_print(out, "arping: Device %s not available.\n", device);
    return false;
  }
  memcpy(link.ifr_name, device, strlen(device));
  if (ioctl(to->fd, SIOCGIFFLAGS, &link) != 0) {
    text_print(out, "arping: Device %s not available.\n", device);
    return false;
  }
  if (!(link.ifr_flags & IFF_UP)) {
    text_print(out, "Interface \"%s\" is down\n", device);
    return false;
  }
  if (link.ifr_flags & (IFF_NOARP | IFF_LOOPBACK)) {
    text_print(out, "Interface \"%s\" is not ARPable\n", device);
    return false;
  }
  if (!whoever_else) {
    int failed = own_source(self, device, to->asked, &to->source);
    if (failed != 0) {
      text_print(out, "arping: connect: %s\n", error_text(failed));
      return false;
    }
  }
  struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_ARP)};
  socklen_t length = sizeof to->own;
  if (ioctl(to->fd, SIOCGIFINDEX, &link) != 0) return false;
  where.sll_ifindex = link.ifr_ifindex;
  if (bind(to->fd, (struct sockaddr *)&where, sizeof where) != 0 ||
      getsockname(to->fd, (struct sockaddr *)&to->own, &length) != 0) {
    text_print(out, "arping: bind: %s\n", error_text(errno));
    return false;
  }
  if (to->own.sll_halen == 0 || to->own.sll_halen > MOST_ADDRESS) {
    text_print(out, "Interface \"%s\" is not ARPable (no ll address)\n", device);
    return false;
  }
  return true;
}

static bool ask_once(asker *from, text *out) {
  int failed = send_request(from);
  if (failed != 0) text_print(out, "arping: sendto: %s\n", error_text(failed));
  return failed == 0;
}

bool arp_ask(job *self, const char *device, const char *address, bool whoever_else, text *out) {
  asker one = {.fd = job_socket(self, AF_PACKET, SOCK_DGRAM, 0)};
  if (one.fd < 0) return false;
  if (inet_pton(AF_INET, address, &one.asked) != 1) {
    text_print(out, "arping: %s: Name or service not known\n", address);
  } else if (open_asker(self, device, whoever_else, &one, out)) {
    char word[INET_ADDRSTRLEN];
    text_print(out, "ARPING %s from %s %s\n", address, dotted((const uint8_t *)&one.source, word), device);
    int64_t began = now_us();
    if (ask_once(&one, out)) {
      listen_until(&one, out, began + AGAIN_US);
      ask_once(&one, out);
      listen_until(&one, out, began + AGAIN_US + ANSWER_US);
      /* Silence is what one hopes for where somebody else is asked for; of a neighbour it is a finding. */
      if (!whoever_else && one.received == 0 && ask_once(&one, out))
        listen_until(&one, out, now_us() + ANSWER_US);
      text_print(out, "Sent %d probes (%d broadcast(s))\nReceived %d response(s)", one.sent, one.sent, one.received);
      if (one.requests > 0 || one.broadcasts > 0)
        text_print(out, " (%d request(s), %d broadcast(s))", one.requests, one.broadcasts);
      text_print(out, "\n");
    }
  }
  job_close(self, one.fd);
  return true;
}
