/* What the kernel knows of a way at a moment: its route, the neighbour, the link, by netlink, and its counters. No process. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "watch.h"

void add_word(text *to, const char *word) {
  for (; *word != '\0'; word++) {
    unsigned char c = (unsigned char)*word;
    bool plain = c > ' ' && c < 0x7f && c != '%' && c != '/' && c != ',';
    if (plain) text_add(to, word, 1);
    else text_print(to, "%%%02x", c);
  }
}

static int netlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  /* The kernel answers at once; a broken one must not stop the watch. */
  struct timeval limit = {.tv_usec = 200000};
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

typedef struct {
  struct nlmsghdr head;
  union {
    struct rtmsg route;
    struct ndmsg neighbour;
    struct ifinfomsg link;
  } body;
  uint8_t more[64];
} request;

static void add_attribute(request *to, unsigned short type, const void *value, unsigned short size) {
  struct rtattr *at = (struct rtattr *)((uint8_t *)to + NLMSG_ALIGN(to->head.nlmsg_len));
  at->rta_type = type;
  at->rta_len = (unsigned short)RTA_LENGTH(size);
  memcpy(RTA_DATA(at), value, size);
  to->head.nlmsg_len = NLMSG_ALIGN(to->head.nlmsg_len) + RTA_ALIGN(at->rta_len);
}

/* Asks, and hands each message of the answer to `take`, until it says so or there is no more. */
static void ask(request *question, void (*take)(const struct nlmsghdr *, void *), void *argument) {
  static uint8_t bytes[32768];
  int fd = netlink();
  if (fd < 0) return;
  bool more = send(fd, question, question->head.nlmsg_len, 0) > 0;
  bool dump = (question->head.nlmsg_flags & NLM_F_DUMP) != 0;
  while (more) {
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) break;
    size_t left = (size_t)got;
    for (struct nlmsghdr *one = (struct nlmsghdr *)bytes; NLMSG_OK(one, left); one = NLMSG_NEXT(one, left)) {
      if (one->nlmsg_type == NLMSG_DONE) {
        more = false;
        break;
      }
      take(one, argument);
      if (one->nlmsg_type == NLMSG_ERROR) more = false;
    }
    if (!dump) more = false;
  }
  close(fd);
}

static const void *address_of(const struct sockaddr_storage *from, unsigned short *size) {
  if (from->ss_family == AF_INET6) {
    *size = sizeof(struct in6_addr);
    return &((const struct sockaddr_in6 *)from)->sin6_addr;
  }
  *size = sizeof(struct in_addr);
  return &((const struct sockaddr_in *)from)->sin_addr;
}

typedef struct {
  int family, error, type, index;
  uint8_t hop[16];
  bool via;
  char gateway[INET6_ADDRSTRLEN], source[INET6_ADDRSTRLEN];
} way;

static void take_route(const struct nlmsghdr *one, void *argument) {
  way *to = argument;
  if (one->nlmsg_type == NLMSG_ERROR) {
    to->error = -((const struct nlmsgerr *)NLMSG_DATA(one))->error;
    return;
  }
  if (one->nlmsg_type != RTM_NEWROUTE) return;
  const struct rtmsg *route = NLMSG_DATA(one);
  to->type = route->rtm_type;
  size_t left = RTM_PAYLOAD(one);
  for (const struct rtattr *at = RTM_RTA(route); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    if (at->rta_type == RTA_OIF) memcpy(&to->index, RTA_DATA(at), sizeof to->index);
    if (at->rta_type == RTA_PREFSRC) inet_ntop(to->family, RTA_DATA(at), to->source, sizeof to->source);
    if (at->rta_type == RTA_GATEWAY) {
      to->via = true;
      memcpy(to->hop, RTA_DATA(at), to->family == AF_INET6 ? 16 : 4);
      inet_ntop(to->family, RTA_DATA(at), to->gateway, sizeof to->gateway);
    }
  }
}

typedef struct {
  int index;
  unsigned short size;
  const void *hop;
  bool found;
  unsigned state;
  uint8_t mac[6];
  bool has_mac;
} neighbour;

static void take_neighbour(const struct nlmsghdr *one, void *argument) {
  neighbour *to = argument;
  if (one->nlmsg_type != RTM_NEWNEIGH) return;
  const struct ndmsg *entry = NLMSG_DATA(one);
  if (entry->ndm_ifindex != to->index) return;
  bool same = false, has_mac = false;
  uint8_t mac[6];
  size_t left = one->nlmsg_len - NLMSG_LENGTH(sizeof *entry);
  for (const struct rtattr *at = (const struct rtattr *)((const uint8_t *)entry + NLMSG_ALIGN(sizeof *entry)); RTA_OK(at, left);
       at = RTA_NEXT(at, left)) {
    if (at->rta_type == NDA_DST && RTA_PAYLOAD(at) == to->size) same = memcmp(RTA_DATA(at), to->hop, to->size) == 0;
    if (at->rta_type == NDA_LLADDR && RTA_PAYLOAD(at) == sizeof mac) {
      has_mac = true;
      memcpy(mac, RTA_DATA(at), sizeof mac);
    }
  }
  if (!same) return;
  to->found = true;
  to->state = entry->ndm_state;
  to->has_mac = has_mac;
  if (has_mac) memcpy(to->mac, mac, sizeof mac);
}

static const char *state_name(unsigned state) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {{NUD_PERMANENT, "PERMANENT"}, {NUD_NOARP, "NOARP"},   {NUD_REACHABLE, "REACHABLE"},
               {NUD_STALE, "STALE"},         {NUD_DELAY, "DELAY"},   {NUD_PROBE, "PROBE"},
               {NUD_INCOMPLETE, "INCOMPLETE"}, {NUD_FAILED, "FAILED"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (state & names[i].bit) return names[i].name;
  return "none";
}

static void take_link(const struct nlmsghdr *one, void *argument) {
  unsigned *flags = argument;
  if (one->nlmsg_type == RTM_NEWLINK) *flags = ((const struct ifinfomsg *)NLMSG_DATA(one))->ifi_flags;
}

static const char *type_name(int type, int error) {
  if (type == RTN_BLACKHOLE || error == EINVAL) return "blackhole";
  if (type == RTN_UNREACHABLE || error == EHOSTUNREACH) return "unreachable";
  if (type == RTN_PROHIBIT || error == EACCES) return "prohibit";
  return error == ENETUNREACH ? "none" : "";
}

void kernel_way(text *to, const struct sockaddr_storage *address) {
  unsigned short size;
  const void *bytes = address_of(address, &size);
  way found = {.family = address->ss_family};
  request question = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                               .nlmsg_type = RTM_GETROUTE,
                               .nlmsg_flags = NLM_F_REQUEST}};
  question.body.route.rtm_family = (unsigned char)address->ss_family;
  question.body.route.rtm_dst_len = (unsigned char)(size * 8);
  add_attribute(&question, RTA_DST, bytes, size);
  unsigned scope = address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_scope_id : 0;
  if (scope != 0) add_attribute(&question, RTA_OIF, &scope, sizeof scope);
  ask(&question, take_route, &found);
  char device[IF_NAMESIZE] = "";
  if (found.index != 0) if_indextoname((unsigned)found.index, device);
  text_print(to, " rt=");
  add_word(to, device);
  text_print(to, "/%s/%s/%s/", found.gateway, found.source, type_name(found.type, found.error));
  if (found.error != 0) add_word(to, error_text(found.error));
  if (found.error != 0 || found.index == 0 || found.type == RTN_LOCAL) return;
  neighbour hop = {.index = found.index, .size = size, .hop = found.via ? found.hop : bytes};
  request table = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
                            .nlmsg_type = RTM_GETNEIGH,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
  table.body.neighbour.ndm_family = (unsigned char)address->ss_family;
  ask(&table, take_neighbour, &hop);
  char name[INET6_ADDRSTRLEN];
  inet_ntop(address->ss_family, hop.hop, name, sizeof name);
  text_print(to, " nb=%s/%s/", name, hop.found ? state_name(hop.state) : "none");
  for (int i = 0; hop.has_mac && i < 6; i++) text_print(to, "%s%02x", i == 0 ? "" : ":", hop.mac[i]);
  unsigned flags = 0;
  request link = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                           .nlmsg_type = RTM_GETLINK,
                           .nlmsg_flags = NLM_F_REQUEST}};
  link.body.link.ifi_index = found.index;
  ask(&link, take_link, &flags);
  /* linux/if.h, IFF_LOWER_UP: the carrier. */
  if (flags != 0) text_print(to, " link=%d/%d", (flags & IFF_UP) != 0, (flags & 0x10000) != 0);
}

/* Those that tell of packets lost or refused here; names of /proc/net/snmp and netstat, the group before them. */
static const char *const counted[] = {
    "IpInDiscards",       "IpOutDiscards",        "IpOutNoRoutes",        "IpInHdrErrors",
    "IcmpInDestUnreachs", "IcmpOutDestUnreachs",  "IcmpInTimeExcds",      "IcmpInRedirects",
    "TcpAttemptFails",    "TcpEstabResets",       "TcpRetransSegs",       "TcpInErrs",
    "TcpOutRsts",         "UdpNoPorts",           "UdpInErrors",          "UdpRcvbufErrors",
    "UdpSndbufErrors",    "TcpExtListenOverflows", "TcpExtListenDrops",   "TcpExtTCPTimeouts",
    "TcpExtTCPSynRetrans", "TcpExtTCPRetransFail", "TcpExtTCPBacklogDrop", "TcpExtTCPReqQFullDrop",
    "TcpExtIPReversePathFilter", "TcpExtPAWSActive", "TcpExtPAWSEstab",   "TcpExtTCPMemoryPressures",
    "IpExtInNoRoutes",    "IpExtInCsumErrors"};
#define COUNTED (sizeof counted / sizeof *counted)
/* Behind them: what the interfaces dropped and had errors with. */
#define ALL (COUNTED + 4)
static const char *const of_devices[] = {"DevRxErrors", "DevRxDropped", "DevTxErrors", "DevTxDropped"};

static int64_t kept[ALL];

static char *read_file(const char *path) {
  static char bytes[16384];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = 0, more = 1;
  while (fd >= 0 && got < (ssize_t)sizeof bytes - 1 && more > 0) {
    more = read(fd, bytes + got, sizeof bytes - 1 - (size_t)got);
    if (more > 0) got += more;
  }
  if (fd >= 0) close(fd);
  bytes[got] = '\0';
  return bytes;
}

/* A line of names, and a line of their numbers. */
static void read_pairs(const char *path, int64_t *to) {
  char *rest = read_file(path);
  for (char *names; (names = strsep(&rest, "\n")) != NULL && rest != NULL;) {
    char *numbers = strsep(&rest, "\n");
    char *group = strsep(&names, ":"), *ignored = strsep(&numbers, ":");
    (void)ignored;
    if (names == NULL || numbers == NULL) continue;
    for (char *name; (name = strsep(&names, " ")) != NULL;) {
      char *number = strsep(&numbers, " ");
      if (number == NULL) break;
      char whole[80];
      snprintf(whole, sizeof whole, "%s%s", group, name);
      for (size_t i = 0; i < COUNTED; i++)
        if (strcmp(whole, counted[i]) == 0) to[i] = strtoll(number, NULL, 10);
    }
  }
}

static void read_counters(int64_t *to) {
  memset(to, 0, ALL * sizeof *to);
  read_pairs("/proc/net/snmp", to);
  read_pairs("/proc/net/netstat", to);
  char *rest = read_file("/proc/net/dev");
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    char *numbers = strchr(line, ':');
    long long n[16] = {0};
    if (numbers == NULL || sscanf(numbers + 1, "%lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld", &n[0], &n[1], &n[2],
                                  &n[3], &n[4], &n[5], &n[6], &n[7], &n[8], &n[9], &n[10], &n[11]) < 12)
      continue;
    to[COUNTED] += n[2];
    to[COUNTED + 1] += n[3];
    to[COUNTED + 2] += n[10];
    to[COUNTED + 3] += n[11];
  }
}

void kernel_keep_counters(void) { read_counters(kept); }

void kernel_grown_counters(text *to) {
  int64_t now[ALL];
  read_counters(now);
  bool any = false;
  for (size_t i = 0; i < ALL; i++) {
    if (now[i] <= kept[i]) continue;
    text_print(to, "%s%s:%lld", any ? "," : " c=", i < COUNTED ? counted[i] : of_devices[i - COUNTED],
               (long long)(now[i] - kept[i]));
    any = true;
  }
}

void kernel_conntrack(text *to) {
  long count = atol(read_file("/proc/sys/net/netfilter/nf_conntrack_count"));
  long most = atol(read_file("/proc/sys/net/netfilter/nf_conntrack_max"));
  if (most > 0) text_print(to, " ct=%ld/%ld", count, most);
}
