/* Echo requests, printed as iputils prints them. The kernel's own time stamps are taken where it gives them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <math.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "probes.h"

/* An echo header, and at most a full jumbo packet. */
#define MAX_PACKET 65536
#define MAX_SEQUENCE 65535

typedef struct {
  int fd;
  bool raw, six;
  uint16_t ident;
  char address[INET6_ADDRSTRLEN + 20];
  /* When each probe was sent, in microseconds of CLOCK_REALTIME, which SO_TIMESTAMP speaks; 0: answered or never sent. */
  int64_t *sent_us;
  bool *answered;
} echoes;

static int64_t real_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint16_t checksum(const uint8_t *bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < size; i += 2) sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
  if (size & 1) sum += (uint32_t)bytes[size - 1] << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static bool open_echoes(job *self, const echo_series *series, echoes *to) {
  struct sockaddr_storage where;
  socklen_t length;
  if (!socket_address(series->address, 0, &where, &length)) {
    text_print(series->complaints, "ping: %s: Name or service not known\n", series->name);
    return false;
  }
  to->six = where.ss_family == AF_INET6;
  int protocol = to->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
  to->fd = job_socket(self, where.ss_family, SOCK_DGRAM, protocol);
  if (to->fd < 0) {
    to->fd = job_socket(self, where.ss_family, SOCK_RAW, protocol);
    to->raw = true;
  }
  if (to->fd < 0) {
    text_print(series->complaints, "ping: socket: %s\n", error_text(errno));
    return false;
  }
  int on = 1, level = to->six ? IPPROTO_IPV6 : IPPROTO_IP;
  setsockopt(to->fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
  queue_errors(to->fd, true);
  setsockopt(to->fd, level, to->six ? IPV6_RECVHOPLIMIT : IP_RECVTTL, &on, sizeof on);
  if (series->probe_df) {
    int mode = to->six ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE;
    setsockopt(to->fd, level, to->six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode, sizeof mode);
  }
  if (to->raw && to->six) {
    struct icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    setsockopt(to->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  } else if (to->raw) {
    /* linux/icmp.h, ICMP_FILTER: a bit for each type that is not wanted. */
    uint32_t filter = ~(1u << ICMP_ECHOREPLY);
    setsockopt(to->fd, SOL_RAW, 1, &filter, sizeof filter);
  }
  if (connect(to->fd, (struct sockaddr *)&where, length) != 0) {
    text_print(series->complaints, "ping: connect: %s\n", error_text(errno));
    return false;
  }
  static uint16_t next_ident;
  if (next_ident == 0) next_ident = (uint16_t)(now_us() ^ (now_us() >> 16));
  to->ident = htons(++next_ident);
  snprintf(to->address, sizeof to->address, "%s", series->address);
  return true;
}

/* 0, or the errno of the sending. */
static int send_echo(const echoes *from, const echo_series *series, int sequence) {
  static uint8_t packet[MAX_PACKET];
  size_t size = 8 + (size_t)series->size;
  if (size > sizeof packet) return EMSGSIZE;
  for (size_t i = 8; i < size; i++) packet[i] = (uint8_t)i;
  packet[0] = from->six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
  packet[1] = packet[2] = packet[3] = 0;
  memcpy(packet + 4, &from->ident, 2);
  uint16_t number = htons((uint16_t)sequence);
  memcpy(packet + 6, &number, 2);
  if (!from->six) {
    uint16_t sum = checksum(packet, size);
    memcpy(packet + 2, &sum, 2);
  }
  from->sent_us[sequence] = real_us();
  return send(from->fd, packet, size, MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* With as many digits as iputils gives. */
static void print_ms(char *to, size_t size, int64_t us) {
  int digits = us >= 100000 ? 0 : us >= 10000 ? 1 : us >= 1000 ? 2 : 3;
  snprintf(to, size, "%.*f", digits, (double)us / 1000);
}

/* What iputils calls an error (ping/ping.c, ping6_common.c). */
static void describe(char *to, size_t size, bool six, int type, int code, uint32_t info) {
  static const char *const four[] = {
      "Destination Net Unreachable", "Destination Host Unreachable", "Destination Protocol Unreachable",
      "Destination Port Unreachable", NULL, "Source Route Failed", "Destination Net Unknown",
      "Destination Host Unknown", "Source Host Isolated", "Destination Net Prohibited",
      "Destination Host Prohibited", "Destination Net Unreachable for Type of Service",
      "Destination Host Unreachable for Type of Service", "Packet filtered", "Precedence Violation",
      "Precedence Cutoff"};
  static const char *const unreachable6[] = {"No route",           "Administratively prohibited",
                                             "Beyond scope of source address", "Address unreachable",
                                             "Port unreachable"};
  if (!six && type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
    snprintf(to, size, "Frag needed and DF set (mtu = %u)", info);
  else if (!six && type == ICMP_DEST_UNREACH && code >= 0 && code < (int)(sizeof four / sizeof *four))
    snprintf(to, size, "%s", four[code]);
  else if (!six && type == ICMP_TIME_EXCEEDED)
    snprintf(to, size, "%s", code == 0 ? "Time to live exceeded" : "Frag reassembly time exceeded");
  else if (!six && type == ICMP_PARAMETERPROB)
    snprintf(to, size, "Parameter problem: pointer = %u", info >> 24);
  else if (six && type == ICMP6_DST_UNREACH && code >= 0 && code < (int)(sizeof unreachable6 / sizeof *unreachable6))
    snprintf(to, size, "Destination unreachable: %s", unreachable6[code]);
  else if (six && type == ICMP6_DST_UNREACH)
    snprintf(to, size, "Destination unreachable: Unknown code %d", code);
  else if (six && type == ICMP6_PACKET_TOO_BIG)
    snprintf(to, size, "Packet too big: mtu=%u", info);
  else if (six && type == ICMP6_TIME_EXCEEDED)
    snprintf(to, size, "Time exceeded: %s", code == 0 ? "Hop limit" : "Defragmentation failure");
  else if (six && type == ICMP6_PARAM_PROB)
    snprintf(to, size, "Parameter problem: Unknown code %d", code);
  else
    snprintf(to, size, "Bad ICMP type: %d", type);
}

/* Those of this run. A plan has a few dozen destinations; one too many is only connected to more often. */
#define ANSWERED_MAX 64
static char answered[ANSWERED_MAX][INET6_ADDRSTRLEN];
static int answered_count;

bool echo_answered(const char *address) {
  for (int i = 0; i < answered_count; i++)
    if (strcmp(answered[i], address) == 0) return true;
  return false;
}

static void remember_answer(const char *address) {
  if (answered_count == ANSWERED_MAX || strlen(address) >= INET6_ADDRSTRLEN || echo_answered(address)) return;
  strcpy(answered[answered_count++], address);
}

static void take_answer(echoes *from, echo_series *series) {
  uint8_t bytes[2048];
  char control[512];
  struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(from->fd, &message, MSG_DONTWAIT);
  if (got < 0) return;
  int64_t at = real_us();
  int hops = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMP) {
      struct timeval when;
      memcpy(&when, CMSG_DATA(c), sizeof when);
      at = (int64_t)when.tv_sec * 1000000 + when.tv_usec;
    } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
               (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
      memcpy(&hops, CMSG_DATA(c), sizeof hops);
    }
  }
  const uint8_t *echo = bytes;
  size_t left = (size_t)got;
  if (from->raw && !from->six) {
    size_t header = left >= 20 ? (size_t)(bytes[0] & 15) * 4 : left;
    if (header < 20 || header > left) return;
    hops = bytes[8];
    echo += header;
    left -= header;
  }
  if (left < 8 || echo[0] != (from->six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) return;
  if (from->raw && memcmp(echo + 4, &from->ident, 2) != 0) return;
  uint16_t number;
  memcpy(&number, echo + 6, 2);
  int sequence = ntohs(number);
  if (sequence < 1 || sequence > series->sent || from->sent_us[sequence] == 0) return;
  int64_t us = at - from->sent_us[sequence];
  if (us < 0) us = 0;
  bool again = from->answered[sequence];
  if (!again) {
    from->answered[sequence] = true;
    if (series->received++ == 0) remember_answer(series->address);
    if (series->received == 1 || us < series->min_us) series->min_us = us;
    if (us > series->max_us) series->max_us = us;
    series->sum_us += us;
    series->sum2_us += us * us;
  }
  if (series->lines == NULL) return;
  char ms[32];
  print_ms(ms, sizeof ms, us);
  text_print(series->lines, "%d bytes from %s: icmp_seq=%d ttl=%d time=%s ms%s\n", series->size + 8, from->address,
             sequence, hops, ms, again ? " (DUP!)" : "");
}

/* False: there was no more in the queue. */
static bool take_error(echoes *from, echo_series *series) {
  uint8_t bytes[512];
  char control[1024];
  struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(from->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (got < 0) return false;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    if (!((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
          (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)))
      continue;
    const struct sock_extended_err *error = (const struct sock_extended_err *)CMSG_DATA(c);
    if (error->ee_origin == SO_EE_ORIGIN_LOCAL) {
      if (error->ee_errno == EMSGSIZE)
        text_print(series->complaints, "ping: local error: message too long, mtu=%u\n", error->ee_info);
      else
        text_print(series->complaints, "ping: local error: %s\n", error_text((int)error->ee_errno));
      continue;
    }
    if (error->ee_origin != SO_EE_ORIGIN_ICMP && error->ee_origin != SO_EE_ORIGIN_ICMP6) continue;
    /* The packet that it is about: it may be another probe's. */
    if (got < 8 || bytes[0] != (from->six ? ICMP6_ECHO_REQUEST : ICMP_ECHO)) continue;
    if (from->raw && memcmp(bytes + 4, &from->ident, 2) != 0) continue;
    uint16_t number;
    memcpy(&number, bytes + 6, 2);
    int sequence = ntohs(number);
    if (sequence < 1 || sequence > series->sent) continue;
    char sender[INET6_ADDRSTRLEN] = "?", said[160], line[256];
    const struct sockaddr *offender = SO_EE_OFFENDER(error);
    if (offender->sa_family == AF_INET)
      inet_ntop(AF_INET, &((const struct sockaddr_in *)offender)->sin_addr, sender, sizeof sender);
    else if (offender->sa_family == AF_INET6)
      inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)offender)->sin6_addr, sender, sizeof sender);
    describe(said, sizeof said, from->six, error->ee_type, error->ee_code, error->ee_info);
    snprintf(line, sizeof line, "From %s icmp_seq=%d %s", sender, sequence, said);
    series->errors++;
    if (series->lines != NULL) text_print(series->lines, "%s\n", line);
    bool too_large = (!from->six && error->ee_type == ICMP_DEST_UNREACH && error->ee_code == ICMP_FRAG_NEEDED) ||
                     (from->six && error->ee_type == ICMP6_PACKET_TOO_BIG);
    if (too_large && series->announced == 0) {
      series->announced = (int)error->ee_info;
      memcpy(series->announcement, line, sizeof series->announcement);
    } else if (series->announcement[0] == '\0' && series->lines == NULL) {
      memcpy(series->announcement, line, sizeof series->announcement);
    }
  }
  return true;
}

/* Takes what comes until a moment, or until all that was sent is answered. */
static void listen_until(echoes *from, echo_series *series, int64_t until, bool until_answered) {
  for (;;) {
    if (until_answered && series->received + series->errors >= series->sent) return;
    if (series->one_answer && series->received > 0) return;
    short happened = co_wait(from->fd, POLLIN, until);
    if (happened == 0) return;
    if (happened & POLLERR) {
      bool any = false;
      while (take_error(from, series)) any = true;
      if (!any) {
        /* A plain error of the socket, without a message: taken, so that it does not wake us again. */
        int ignored;
        socklen_t size = sizeof ignored;
        getsockopt(from->fd, SOL_SOCKET, SO_ERROR, &ignored, &size);
      }
    }
    if (happened & POLLIN) take_answer(from, series);
  }
}

void echo_run(job *self, echo_series *series) {
  series->sent = series->received = series->errors = series->announced = 0;
  series->announcement[0] = '\0';
  if (series->count > MAX_SEQUENCE) series->count = MAX_SEQUENCE;
  echoes from = {.fd = -1};
  from.sent_us = job_alloc(self, sizeof(int64_t) * (size_t)(series->count + 1));
  from.answered = job_alloc(self, sizeof(bool) * (size_t)(series->count + 1));
  series->code = 2;
  if (!open_echoes(self, series, &from)) {
    if (from.fd >= 0) job_close(self, from.fd);
    return;
  }
  if (series->lines != NULL)
    text_print(series->lines, "PING %s (%s) %d(%d) bytes of data.\n", series->name, series->address, series->size,
               series->size + (from.six ? 48 : 28));
  int64_t interval = (int64_t)series->interval_ms * 1000, begun = now_us();
  series->first_us = begun;
  for (int i = 1; i <= series->count; i++) {
    series->sent = i;
    int failed = send_echo(&from, series, i);
    /* What came for an earlier probe is said by the socket at the next send, which then has not sent: once more. */
    if (failed != 0 && failed != EPERM && failed != EMSGSIZE && failed != ENOBUFS) {
      bool any = false;
      while (take_error(&from, series)) any = true;
      if (any) failed = send_echo(&from, series, i);
    }
    if (failed != 0) text_print(series->complaints, "ping: sendmsg: %s\n", error_text(failed));
    series->last_us = now_us();
    if (i < series->count) listen_until(&from, series, begun + interval * i, false);
    if (series->one_answer && series->received > 0) break;
  }
  int64_t wait = (int64_t)series->wait_ms * 1000;
  if (series->received > 0) {
    wait = 2 * series->max_us;
    if (wait < interval) wait = interval;
    if (wait > (int64_t)series->wait_ms * 1000) wait = (int64_t)series->wait_ms * 1000;
  }
  int64_t until = now_us() + wait;
  /* Nothing has a time yet, so nothing can spoil it; a first answer, this late, is no matter of the target's load. */
  if (series->received == 0) job_times(self, false);
  /* Each answer may raise what the others are waited for. */
  listen_until(&from, series, until, true);
  job_close(self, from.fd);
  series->code = series->received > 0 ? 0 : 1;
}

/* ping HOST COUNT INTERVAL_MS DEADLINE_S, see ping.sh. */
void probe_ping(job *self) {
  if (self->word_count < 4) return;
  const char *name = self->words[0];
  int count = atoi(self->words[1]), interval = atoi(self->words[2]), deadline = atoi(self->words[3]);
  const char *address = resolve(self, name);
  if (address == NULL) {
    text_print(&self->err, "ping: %s: Name or service not known\n", name);
    self->code = 2;
    return;
  }
  int wait = deadline * 1000 - count * interval;
  echo_series series = {.name = name,
                        .address = address,
                        .count = count,
                        .interval_ms = interval,
                        .wait_ms = wait < 1000 ? 1000 : wait,
                        .size = 56,
                        .lines = &self->out,
                        .complaints = &self->err};
  echo_run(self, &series);
  self->code = series.code;
  if (series.code == 2) return;
  text *out = &self->out;
  text_print(out, "\n--- %s ping statistics ---\n%d packets transmitted, %d received", name, series.sent,
             series.received);
  if (series.errors > 0) text_print(out, ", +%d errors", series.errors);
  double loss = series.sent == 0 ? 0 : 100.0 * (series.sent - series.received) / series.sent;
  text_print(out, ", %.6g%% packet loss, time %lldms\n", loss,
             (long long)((series.last_us - series.first_us) / 1000));
  if (series.received == 0) return;
  double average = (double)series.sum_us / series.received;
  double spread = sqrt(fabs((double)series.sum2_us / series.received - average * average));
  text_print(out, "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", (double)series.min_us / 1000, average / 1000,
             (double)series.max_us / 1000, spread / 1000);
}
