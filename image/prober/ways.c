/* By which next hop connections go that are lost, and by which those that are not. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes.h"

/* Chance divides so many among two equal next hops as a dead one would in 1 of 128 cases. */
#define TRIES 12
#define EVERY_US 40000
/* Before the SYN is sent again, for which the kernel may choose another way. */
#define LIMIT_US 900000

typedef struct {
  int fd, error;
  in_port_t port;
  uint8_t mac[ETH_ALEN];
  char device[IF_NAMESIZE];
  bool sent;
} way;

/* Only SYNs to the destination are copied, whatever else the target sends. Nothing is read before the filter is there. */
static int listener(job *self, struct in_addr address, int port) {
  const uint32_t net = (uint32_t)SKF_NET_OFF;
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 16),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(address.s_addr), 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net + 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
      /* An own SYN has no IP options. */
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, net + 22),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)port, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 64),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
  struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  int fd = job_socket(self, AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 &&
      bind(fd, (struct sockaddr *)&any, sizeof any) == 0)
    return fd;
  job_close(self, fd);
  return -1;
}

static void hear(int fd, way *ways, int count) {
  uint8_t frame[64];
  struct sockaddr_ll from;
  socklen_t size = sizeof from;
  ssize_t got;
  for (; (got = recvfrom(fd, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) >= 0; size = sizeof from) {
    in_port_t port;
    if (from.sll_pkttype != PACKET_OUTGOING || from.sll_halen != ETH_ALEN || got < ETH_HLEN + 22) continue;
    memcpy(&port, frame + ETH_HLEN + 20, sizeof port);
    for (int i = 0; i < count; i++) {
      /* The first is what the kernel hands down; a bridge or a VLAN below it sees the same frame once more. */
      if (ways[i].port != port || ways[i].sent) continue;
      memcpy(ways[i].mac, frame, ETH_ALEN);
      ways[i].sent = if_indextoname((unsigned)from.sll_ifindex, ways[i].device) != NULL;
    }
  }
}

/* The neighbour with a MAC address on a device, of what `ip -4 neigh` says; NULL: there is none. */
static char *neighbour(char *lines, const char *mac, const char *device, char *to, size_t size) {
  char *rest = lines;
  for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL;) {
    char address[64], on[IF_NAMESIZE], its[32];
    if (sscanf(line, "%63s dev %15s lladdr %31s", address, on, its) != 3) continue;
    if (strcmp(on, device) != 0 || strcmp(its, mac) != 0) continue;
    snprintf(to, size, "%s", address);
    return to;
  }
  return NULL;
}

static void print_way(job *self, way *one) {
  text said = {0}, ignored = {0};
  char mac[18], address[64];
  snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", one->mac[0], one->mac[1], one->mac[2], one->mac[3],
           one->mac[4], one->mac[5]);
  /* With a device named, ip would leave it out of its lines. */
  char *show[] = {"ip", "-4", "neigh", "show", NULL};
  job_run(self, show, &said, &ignored);
  const char *hop = neighbour(said.data, mac, one->device, address, sizeof address);
  const char *outcome = one->error == ETIMEDOUT ? "silent" : "answered";
  if (hop != NULL) text_print(&self->out, "way %s %s %s\n", outcome, hop, one->device);
  text_free(&said);
  text_free(&ignored);
}

void tell_ways(job *self, const char *address, int port) {
  struct in_addr to;
  if (inet_pton(AF_INET, address, &to) != 1) return;
  int ear = listener(self, to, port);
  if (ear < 0) return;
  way *ways = job_alloc(self, TRIES * sizeof *ways);
  for (int i = 0; i < TRIES; i++) {
    ways[i].error = begin_connect(self, address, port, SOCK_STREAM, &ways[i].fd);
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    if (ways[i].fd >= 0 && getsockname(ways[i].fd, (struct sockaddr *)&own, &size) == 0) ways[i].port = own.sin_port;
    co_sleep(EVERY_US);
  }
  int64_t until = now_us() + LIMIT_US - TRIES * EVERY_US;
  icmp_error by_icmp;
  for (int i = 0; i < TRIES; i++)
    if (ways[i].error == EINPROGRESS) ways[i].error = end_connect(ways[i].fd, until, &by_icmp);
  hear(ear, ways, TRIES);
  job_close(self, ear);
  for (int i = 0; i < TRIES; i++) {
    if (ways[i].fd >= 0) job_close(self, ways[i].fd);
    bool is_told = ways[i].error == 0 || ways[i].error == ECONNREFUSED || ways[i].error == ETIMEDOUT;
    if (is_told && ways[i].sent) print_way(self, &ways[i]);
  }
}
