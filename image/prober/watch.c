/*
 * The watch itself: one loop over the sockets of all goals. What it writes, and others read (src/parsers/watch-lines.ts):
 *   b MS HEARS                     it begins; MS since boot in all of them; HEARS 1: packets are kept
 *   t MS GOAL SENT MISSED US,... UNSENT
 *                                   probes since the last such line, and the round trips of those that were answered; and
 *                                  how many were due and not sent, since this process had no processor
 *   m MS GOAL LAST KEY=VALUE...    the first miss of a row: when it was sent, when the last answered one was (0: none)
 *   r MS GOAL MISSED LATE          the first answer after it; to how many of them an answer came, but too late
 *   s MS GOAL SERVER ANSWER OTHER  a name's first server failed so, and another one answered: the first of a row of look-ups
 *   f MS GOAL COUNT                the first server answers again after so many
 *   p MS GOAL,... PACKETS BYTES    and so many bytes behind the line: a pcap file
 *   e MS over|away|asked           the end
 */
#include "watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* After struct timespec. */
#include <linux/errqueue.h>

#include "dns-message.h"
#include "probes.h"
#include "watch-name.h"

#define MOST_GOALS 64
/* Of one tally: at the shortest interval, 100 ms, a tally of 5 s has no more. */
#define MOST_TIMES 64
/* Probes whose answers may still come when they have been missed: a second each. */
#define LATE_SLOTS 4
#define PER_GOAL (1 + LATE_SLOTS)
/* Of what a server said, as far as it is told. */
#define ANSWER_BYTES 48
/* A lost SYN is sent again after a second (RFC 6298, 2.1): what is not answered by then was lost, or is as good as lost. */
#define LIMIT_US 1000000
/* In an outage: its end is wanted more exactly than a long interval tells. */
#define FAILING_INTERVAL_US 1000000
/* Packets after the first miss belong to it too: SYNs that are sent again, the first that are answered. */
#define FREEZE_AFTER_US 4000000
#define FREEZE_AFTER_ANSWER_US 500000
/* Fresh ones begin with an empty ring: two outages at once have one file. */
#define FREEZE_EVERY_US 10000000
#define MOST_FREEZES 256
/* The socket of packets is emptied so often. */
#define TAKE_EVERY_US 250000
/* The last words wait for a reader so long, in an end that was asked for. */
#define LINGER_US 15000000
/* And so long when one has read them: its connection may have been cut, and its client comes back. A client that has them stops it. */
#define KEPT_US 60000000

enum stage { WAITING, RESOLVING, ASKING };
enum kind { TCP, DNS, NTP, ICMP };
/* Whether the last answered question was seen leaving. If not, its address or port is another one on the wire: it is
 * translated on its way out, and what is not seen says nothing. */
enum leaving { NOT_KNOWN, SEEN, UNSEEN };

typedef struct {
  enum kind kind;
  char *host;
  int port;
  bool is_name;
  lookup name;
  struct sockaddr_storage to;
  socklen_t to_length;
  bool has_address;
  enum stage stage;
  int fd;
  bool raw;
  int64_t due_us, sent_us, asked_us, until_us, last_answer_us;
  uint16_t number;
  /* The server has answered NOERROR: from then on a failure is one. */
  bool was_fine;
  int missed_in_row;
  int sent, missed, times, unsent;
  /* How long this process had waited for a processor when the probe began. */
  int64_t unscheduled_us;
  uint32_t us[MOST_TIMES];
  heard heard;
  /* Of questions to the first name server, and of the probe itself. */
  enum leaving name_leaving, leaving;
  /* What the servers before the one that is asked now answered. */
  char first_server[64], first_answer[ANSWER_BYTES];
  int fallbacks_in_row;
  uint64_t arp_before, unheard_before;
  heard late[LATE_SLOTS];
  int late_at, late_count;
  int pending;
} goal;

/* What became of a probe, as it is told. */
typedef struct {
  const char *reason;
  int error;
  const char *answer;
  char icmp[80];
} miss;

static goal goals[MOST_GOALS];
static heard *conversations[MOST_GOALS * PER_GOAL];
static struct sockaddr_storage known_servers[MOST_SERVERS];
static int known_server_count;
static int goal_count;
static int64_t interval_us = 1000000, for_us = 60000000, away_us = 600000000, tally_us = 5000000;
static int64_t freeze_us, last_freeze_us;
static int freezes;
static bool hears;
static volatile sig_atomic_t asked_to_end;

static void on_term(int signal_number) {
  (void)signal_number;
  asked_to_end = asked_to_end < 2 ? asked_to_end + 1 : 2;
}

static long long ms(int64_t us) { return (long long)(us / 1000); }

static void add_once(struct sockaddr_storage *all, int *count, const struct sockaddr_storage *one) {
  for (int i = 0; i < *count; i++)
    if (memcmp(&all[i], one, sizeof *one) == 0) return;
  all[(*count)++] = *one;
}

static void filter_packets(void) {
  struct sockaddr_storage all[MOST_GOALS + MOST_SERVERS];
  int count = 0;
  for (int i = 0; i < known_server_count; i++) add_once(all, &count, &known_servers[i]);
  for (int i = 0; i < goal_count; i++)
    if (goals[i].has_address) add_once(all, &count, &goals[i].to);
  /* What an old filter does not pass would look like what has not left. */
  if (hears && !packets_filter(all, count)) hears = false;
}

static void set_address(goal *one, const struct sockaddr_storage *to, socklen_t length) {
  bool same = one->has_address && length == one->to_length && memcmp(&one->to, to, length) == 0;
  one->to = *to;
  one->to_length = length;
  one->has_address = true;
  if (same) return;
  one->leaving = NOT_KNOWN;
  filter_packets();
}

static void close_probe(goal *one) {
  if (one->fd >= 0) close(one->fd);
  one->fd = -1;
  one->heard.open = false;
  one->stage = WAITING;
}

/* Of the question that it has asked last; of name servers behind the first nothing is kept. */
static enum leaving *leaving_of(goal *one) {
  static enum leaving none;
  none = NOT_KNOWN;
  if (one->stage != RESOLVING) return &one->leaving;
  return one->name.server_at == 0 ? &one->name_leaving : &none;
}

/* It has been answered. */
static void note_leaving(goal *one) {
  if (!hears || !one->heard.open) return;
  packets_take(conversations, goal_count * PER_GOAL);
  if (packets_unheard() == one->unheard_before) *leaving_of(one) = one->heard.out > 0 ? SEEN : UNSEEN;
}

/* Its packets are counted from now on. */
static void listen_for(goal *one, const struct sockaddr_storage *to, int protocol, uint16_t mark) {
  struct sockaddr_storage own = {0};
  socklen_t length = sizeof own;
  if (mark == 0 && getsockname(one->fd, (struct sockaddr *)&own, &length) == 0)
    mark = own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port;
  one->heard = (heard){.to = *to, .protocol = protocol, .mark = mark, .open = true};
  one->arp_before = packets_arp();
  one->unheard_before = packets_unheard();
}

static int64_t step_of(const goal *one) {
  return one->missed_in_row > 0 && interval_us > FAILING_INTERVAL_US ? FAILING_INTERVAL_US : interval_us;
}

/* Probes whose time has passed are not sent all at once. Those of the time that was lost for want of a processor are told. */
static void skip_passed(goal *one, int64_t now, int64_t lost_us) {
  int64_t step = step_of(one), passed = now < one->due_us ? 0 : (now - one->due_us) / step, own = lost_us / step;
  one->due_us += passed * step;
  one->unsent += (int)(passed < own ? passed : own);
}

static void schedule(goal *one, int64_t now) {
  /* From when it was due, so that a late wake-up does not put off all that come after it. */
  one->due_us += step_of(one);
  skip_passed(one, now, unscheduled_us() - one->unscheduled_us);
}

static void tell_miss(goal *one, const miss *what) {
  packets_take(conversations, goal_count * PER_GOAL);
  text line = {0};
  text_print(&line, "m %lld %d %lld reason=%s error=", ms(one->sent_us), (int)(one - goals), ms(one->last_answer_us),
             what->reason);
  if (what->error != 0) add_word(&line, error_text(what->error));
  const struct sockaddr_storage *to = one->stage == RESOLVING ? &one->name.to : &one->to;
  char address[INET6_ADDRSTRLEN] = "";
  bool reached_for = one->stage != WAITING && (one->stage == RESOLVING || one->has_address);
  if (reached_for)
    inet_ntop(to->ss_family,
              to->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)to)->sin6_addr
                                        : (const void *)&((const struct sockaddr_in *)to)->sin_addr,
              address, sizeof address);
  int tries = one->fd < 0 ? 0 : 1;
  struct tcp_info info = {0};
  socklen_t size = sizeof info;
  if (one->kind == TCP && one->stage == ASKING && one->fd >= 0 &&
      getsockopt(one->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    tries += (int)info.tcpi_total_retrans;
  text_print(&line, " address=%s tries=%d", address, tries);
  if (what->icmp[0] != '\0') text_print(&line, " icmp=%s", what->icmp);
  if (one->is_name && one->stage != ASKING && what->answer != NULL) {
    text_print(&line, " dns=%s/", one->name.server);
    add_word(&line, one->name.asked);
    text_add(&line, "/", 1);
    add_word(&line, what->answer);
    if (one->name.server_at > 0) {
      text_print(&line, " dnsbefore=%s/", one->first_server);
      add_word(&line, one->first_answer);
    }
  } else if (what->answer != NULL) {
    text_print(&line, " dns=%s/./", address);
    add_word(&line, what->answer);
  }
  /* Where the kernel had no room for packets, what was not seen may have been there. */
  enum leaving leaving = *leaving_of(one);
  if (hears && leaving != UNSEEN && one->heard.open && packets_unheard() == one->unheard_before) {
    text_print(&line, " seen=%d/%d/%llu", one->heard.out, one->heard.in,
               (unsigned long long)(packets_arp() - one->arp_before));
    if (leaving == SEEN) text_print(&line, " left=1");
  }
  if (reached_for) kernel_way(&line, to);
  kernel_grown_counters(&line);
  kernel_conntrack(&line);
  text_add(&line, "\n", 1);
  store_add(line.data, NULL, 0);
  text_free(&line);
}

/* Its answer may only be slow: that is seen on the wire, when its socket is long closed. */
static void wait_for_late(goal *one) {
  heard *slot = &one->late[one->late_at++ % LATE_SLOTS];
  one->late_count += slot->in > 0;
  *slot = one->heard;
  slot->in = 0;
}

static int late_answers(goal *one) {
  packets_take(conversations, goal_count * PER_GOAL);
  int count = one->late_count;
  for (int i = 0; i < LATE_SLOTS; i++) {
    count += one->late[i].in > 0;
    one->late[i] = (heard){0};
  }
  one->late_count = 0;
  return count;
}

static void missed(goal *one, miss what) {
  int64_t now = now_us();
  one->sent++;
  one->missed++;
  if (one->missed_in_row++ == 0) {
    tell_miss(one, &what);
    one->pending = 1;
    if (freeze_us == 0) freeze_us = now + FREEZE_AFTER_US;
  }
  if (one->stage == ASKING && one->heard.open && strcmp(what.reason, "silent") == 0) wait_for_late(one);
  close_probe(one);
  schedule(one, now);
}

static void answered(goal *one, int64_t took_us) {
  int64_t now = now_us();
  note_leaving(one);
  one->sent++;
  if (took_us < 1) took_us = 1;
  if (one->times < MOST_TIMES) one->us[one->times++] = (uint32_t)took_us;
  one->last_answer_us = one->sent_us;
  if (one->missed_in_row > 0) {
    char line[96];
    snprintf(line, sizeof line, "r %lld %d %d %d\n", ms(one->sent_us), (int)(one - goals), one->missed_in_row,
             late_answers(one));
    store_add(line, NULL, 0);
    one->missed_in_row = 0;
    if (freeze_us != 0 && freeze_us > now + FREEZE_AFTER_ANSWER_US) freeze_us = now + FREEZE_AFTER_ANSWER_US;
  }
  close_probe(one);
  schedule(one, now);
}

static void tally(void) {
  for (int i = 0; i < goal_count; i++) {
    goal *one = &goals[i];
    if (one->sent == 0 && one->unsent == 0) continue;
    text line = {0};
    text_print(&line, "t %lld %d %d %d ", ms(one->sent_us), i, one->sent, one->missed);
    for (int n = 0; n < one->times; n++) text_print(&line, "%s%u", n == 0 ? "" : ",", one->us[n]);
    text_print(&line, " %d\n", one->unsent);
    store_add(line.data, NULL, 0);
    text_free(&line);
    one->sent = one->missed = one->times = one->unsent = 0;
  }
  kernel_keep_counters();
}

static void freeze(void) {
  int64_t now = now_us();
  packets_take(conversations, goal_count * PER_GOAL);
  freeze_us = 0;
  text which = {0}, file = {0};
  for (int i = 0; i < goal_count; i++) {
    if (goals[i].pending) text_print(&which, "%s%d", which.length == 0 ? "" : ",", i);
    goals[i].pending = 0;
  }
  if (hears && which.length > 0 && freezes++ < MOST_FREEZES) {
    int count = packets_freeze(&file);
    char line[512];
    snprintf(line, sizeof line, "p %lld %s %d %zu\n", ms(now), which.data, count, file.length);
    store_add(line, file.data, file.length);
    last_freeze_us = now;
  }
  text_free(&which);
  text_free(&file);
}

/* The ICMP error in a socket's queue, as SENDER/TYPE/CODE. */
static void icmp_of(int fd, char *to, size_t size) {
  char control[512], byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    bool four = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    if (!four && !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) continue;
    const struct sock_extended_err *error = (const struct sock_extended_err *)CMSG_DATA(c);
    if (error->ee_origin != SO_EE_ORIGIN_ICMP && error->ee_origin != SO_EE_ORIGIN_ICMP6) continue;
    const struct sockaddr *sender = SO_EE_OFFENDER(error);
    char name[INET6_ADDRSTRLEN] = "?";
    if (sender->sa_family == AF_INET)
      inet_ntop(AF_INET, &((const struct sockaddr_in *)sender)->sin_addr, name, sizeof name);
    else if (sender->sa_family == AF_INET6)
      inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)sender)->sin6_addr, name, sizeof name);
    snprintf(to, size, "%s/%d/%d", name, error->ee_type, error->ee_code);
  }
}

static const char *reason_of(int error) {
  switch (error) {
    case ECONNREFUSED: return "refused";
    case ECONNRESET: return "reset";
    case EHOSTUNREACH: return "unreachable";
    case ENETUNREACH: return "no-route";
    /* A route that is a black hole says so. */
    case EINVAL: return "no-route";
    case EACCES: return "prohibited";
    case EPERM: return "not-permitted";
    case EADDRNOTAVAIL: return "no-port";
    case ETIMEDOUT: return "silent";
    default: return "other";
  }
}

static bool ask_next_server(goal *one, const char *answer);

static void failed(goal *one, int error) {
  if (one->stage == RESOLVING && ask_next_server(one, error == ETIMEDOUT ? "silent" : error_text(error))) return;
  miss what = {.error = error};
  if (one->fd >= 0) icmp_of(one->fd, what.icmp, sizeof what.icmp);
  const char *reason = reason_of(error);
  if (what.icmp[0] != '\0' && error == ENETUNREACH) reason = "unreachable";
  if (one->stage == RESOLVING) {
    reason = error == ETIMEDOUT ? "dns-silent" : "dns-failed";
    what.answer = error == ETIMEDOUT ? "silent" : error_text(error);
  }
  what.reason = reason;
  missed(one, what);
}

/* The socket of a probe, connected; false: it has failed, and that is told. */
static bool open_probe(goal *one, const struct sockaddr_storage *to, socklen_t length, int type, int protocol) {
  one->fd = socket(to->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  one->raw = false;
  if (one->fd < 0 && protocol != 0) {
    one->fd = socket(to->ss_family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    one->raw = true;
  }
  if (one->fd < 0) {
    failed(one, errno);
    return false;
  }
  queue_errors(one->fd, true);
  int error = connect(one->fd, (const struct sockaddr *)to, length) == 0 ? 0 : errno;
  if (error != 0 && error != EINPROGRESS) {
    failed(one, error);
    return false;
  }
  return true;
}

static void ask_server(goal *one) {
  uint8_t question[DNS_MAX_QUESTION];
  size_t size = lookup_question(&one->name, question);
  if (size == 0) {
    missed(one, (miss){.reason = "no-name", .answer = "no name"});
    return;
  }
  if (one->fd < 0) {
    if (!open_probe(one, &one->name.to, one->name.to_length, SOCK_DGRAM, 0)) return;
    listen_for(one, &one->name.to, IPPROTO_UDP, 0);
  }
  if (send(one->fd, question, size, MSG_NOSIGNAL) < 0) failed(one, errno);
}

/* Where the C library would: a server that is silent costs its programs the resolver's time-out, and is no outage. */
static bool ask_next_server(goal *one, const char *answer) {
  bool is_first = one->name.server_at == 0;
  char server[sizeof one->name.server];
  memcpy(server, one->name.server, sizeof server);
  if (!lookup_next_server(&one->name)) return false;
  if (is_first) {
    memcpy(one->first_server, server, sizeof server);
    snprintf(one->first_answer, sizeof one->first_answer, "%s", answer);
  }
  close_probe(one);
  one->stage = RESOLVING;
  one->until_us = now_us() + LIMIT_US;
  ask_server(one);
  return true;
}

/* The name has been answered: by the first server, or by another one. */
static void note_server(goal *one) {
  char line[64];
  if (one->name.server_at > 0) {
    if (one->fallbacks_in_row++ > 0) return;
    text told = {0};
    text_print(&told, "s %lld %d %s ", ms(one->sent_us), (int)(one - goals), one->first_server);
    add_word(&told, one->first_answer);
    text_print(&told, " %s\n", one->name.server);
    store_add(told.data, NULL, 0);
    text_free(&told);
  } else if (one->fallbacks_in_row > 0) {
    snprintf(line, sizeof line, "f %lld %d %d\n", ms(one->sent_us), (int)(one - goals), one->fallbacks_in_row);
    store_add(line, NULL, 0);
    one->fallbacks_in_row = 0;
  }
}

static uint16_t sum_of(const uint8_t *bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < size; i += 2) sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static void send_echo(goal *one) {
  bool six = one->to.ss_family == AF_INET6;
  if (!open_probe(one, &one->to, one->to_length, SOCK_DGRAM, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) return;
  uint8_t packet[64] = {six ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
  uint16_t ident = htons((uint16_t)(getpid() + (one - goals)));
  if (!one->raw) {
    /* The kernel gives it: a ping socket's port, which a first packet binds. */
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own;
    getsockname(one->fd, (struct sockaddr *)&own, &length);
    ident = six ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port;
  }
  uint16_t number = htons(++one->number);
  memcpy(packet + 4, &ident, 2);
  memcpy(packet + 6, &number, 2);
  for (size_t i = 8; i < sizeof packet; i++) packet[i] = (uint8_t)i;
  if (!six) {
    uint16_t sum = sum_of(packet, sizeof packet);
    memcpy(packet + 2, &sum, 2);
  }
  listen_for(one, &one->to, IPPROTO_ICMP, ident);
  if (send(one->fd, packet, sizeof packet, MSG_NOSIGNAL) < 0) failed(one, errno);
}

static const char dns_root[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";

static void send_datagram(goal *one) {
  static const char ntp[48] = "\x23";
  if (!open_probe(one, &one->to, one->to_length, SOCK_DGRAM, 0)) return;
  listen_for(one, &one->to, IPPROTO_UDP, 0);
  const char *bytes = one->kind == DNS ? dns_root : ntp;
  if (send(one->fd, bytes, one->kind == DNS ? sizeof dns_root - 1 : sizeof ntp, MSG_NOSIGNAL) < 0) failed(one, errno);
}

static void send_probe(goal *one) {
  one->stage = ASKING;
  one->asked_us = now_us();
  one->until_us = one->asked_us + LIMIT_US;
  if (one->kind == ICMP) {
    send_echo(one);
  } else if (one->kind != TCP) {
    send_datagram(one);
  } else if (open_probe(one, &one->to, one->to_length, SOCK_STREAM, 0)) {
    listen_for(one, &one->to, IPPROTO_TCP, 0);
  }
}

static void begin_probe(goal *one) {
  one->sent_us = now_us();
  one->until_us = one->sent_us + LIMIT_US;
  /* It was waiting for nothing but its time. */
  skip_passed(one, one->sent_us, one->sent_us - one->due_us);
  one->unscheduled_us = unscheduled_us();
  if (!one->is_name) {
    send_probe(one);
    return;
  }
  struct sockaddr_storage to;
  socklen_t length;
  if (name_in_hosts(one->host, &to, &length)) {
    if (to.ss_family == AF_INET6) ((struct sockaddr_in6 *)&to)->sin6_port = htons((uint16_t)one->port);
    else ((struct sockaddr_in *)&to)->sin_port = htons((uint16_t)one->port);
    set_address(one, &to, length);
    send_probe(one);
    return;
  }
  one->stage = RESOLVING;
  if (!lookup_begin(&one->name)) {
    one->stage = WAITING;
    missed(one, (miss){.reason = "no-name", .answer = "no name"});
    return;
  }
  struct sockaddr_storage servers[MOST_SERVERS];
  int count = lookup_servers(servers);
  if (count != known_server_count || memcmp(servers, known_servers, sizeof servers) != 0) {
    memcpy(known_servers, servers, sizeof servers);
    known_server_count = count;
    for (int i = 0; i < goal_count; i++) goals[i].name_leaving = NOT_KNOWN;
    filter_packets();
  }
  ask_server(one);
}

static void take_name(goal *one) {
  uint8_t bytes[2048];
  ssize_t got = recv(one->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN) failed(one, errno);
    return;
  }
  struct sockaddr_storage to;
  socklen_t length;
  char word[32] = "";
  switch (lookup_answer(&one->name, bytes, (size_t)got, one->port, &to, &length, word, sizeof word)) {
    case LOOKUP_FOUND:
      note_leaving(one);
      note_server(one);
      close_probe(one);
      set_address(one, &to, length);
      send_probe(one);
      return;
    case LOOKUP_NEXT:
      one->until_us = now_us() + LIMIT_US;
      ask_server(one);
      return;
    case LOOKUP_NONE:
      missed(one, (miss){.reason = "no-name", .answer = word});
      return;
    case LOOKUP_FAILED:
      if (ask_next_server(one, word)) return;
      missed(one, (miss){.reason = "dns-failed", .answer = word});
      return;
    case LOOKUP_OTHER:
      return;
  }
}

static void take_datagram(goal *one, int64_t at) {
  uint8_t bytes[2048];
  ssize_t got = recv(one->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN) failed(one, errno);
    return;
  }
  if (one->kind == ICMP) {
    bool six = one->to.ss_family == AF_INET6;
    size_t header = one->raw && !six ? (size_t)(bytes[0] & 15) * 4 : 0;
    if ((size_t)got < header + 8) return;
    const uint8_t *echo = bytes + header;
    uint16_t number = htons(one->number);
    if (echo[0] != (six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) || memcmp(echo + 6, &number, 2) != 0) return;
    if (one->raw && memcmp(echo + 4, &one->heard.mark, 2) != 0) return;
  }
  if (one->kind == DNS && got >= 4) {
    int code = bytes[3] & 15;
    if (code == 0) one->was_fine = true;
    if (code == 2 && one->was_fine) {
      missed(one, (miss){.reason = "dns-failed", .answer = "SERVFAIL"});
      return;
    }
  }
  answered(one, at - one->asked_us);
}

static void take_connection(goal *one, int64_t at) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  struct tcp_info info = {0};
  size = sizeof info;
  getsockopt(one->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  if (error == 0 && info.tcpi_state == TCP_SYN_SENT) {
    /* An ICMP error is in the queue, and the socket does not know it yet (reach.c, begin_connect). */
    char icmp[80] = "";
    icmp_of(one->fd, icmp, sizeof icmp);
    if (icmp[0] == '\0') return;
    /* Port unreachable: RFC 792; RFC 4443, 3.1. */
    bool refused = strcmp(strchr(icmp, '/'), one->to.ss_family == AF_INET6 ? "/1/4" : "/3/3") == 0;
    miss what = {.error = refused ? ECONNREFUSED : EHOSTUNREACH};
    what.reason = refused ? "refused" : "unreachable";
    memcpy(what.icmp, icmp, sizeof what.icmp);
    missed(one, what);
    return;
  }
  if (error != 0) {
    failed(one, error);
    return;
  }
  /* The kernel's own time: no matter when this process was woken. Without one, as after a SYN that was sent again, ours. */
  int64_t took = info.tcpi_rtt > 0 && info.tcpi_total_retrans == 0 ? (int64_t)info.tcpi_rtt : at - one->asked_us;
  answered(one, took);
}

static void happened(goal *one, short events, int64_t at) {
  if (one->stage == ASKING && one->kind == TCP) {
    take_connection(one, at);
    return;
  }
  if (events & POLLIN) {
    if (one->stage == RESOLVING) take_name(one);
    else take_datagram(one, at);
    return;
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  failed(one, error == 0 ? EIO : error);
}

static short events_of(const goal *one) { return one->stage == ASKING && one->kind == TCP ? POLLOUT : POLLIN; }

/* What came while this process had no processor is not late. */
static bool has_come(goal *one) {
  struct pollfd last = {.fd = one->fd, .events = events_of(one)};
  if (one->fd < 0 || poll(&last, 1, 0) <= 0) return false;
  happened(one, last.revents, now_us());
  return true;
}

static void say_end(const char *why) {
  char line[64];
  tally();
  if (freeze_us != 0) freeze();
  snprintf(line, sizeof line, "e %lld %s\n", ms(now_us()), why);
  store_add(line, NULL, 0);
}

/* The last words are of use to a client that comes back. */
static void linger(int64_t limit_us) {
  sig_atomic_t before = asked_to_end;
  struct timespec pause = {.tv_nsec = 100000000};
  int64_t until = now_us() + limit_us;
  while (!store_is_read() && now_us() < until) nanosleep(&pause, NULL);
  until = now_us() + KEPT_US;
  while (asked_to_end == before && now_us() < until) nanosleep(&pause, NULL);
}

static void watch(void) {
  char line[64];
  snprintf(line, sizeof line, "b %lld %d\n", ms(now_us()), hears);
  store_add(line, NULL, 0);
  kernel_keep_counters();
  int64_t began = now_us(), next_tally = began + tally_us, next_take = began;
  for (int i = 0; i < goal_count; i++) goals[i].due_us = began + interval_us * i / goal_count;
  for (;;) {
    int64_t now = now_us();
    if (asked_to_end) {
      say_end("asked");
      linger(LINGER_US);
      return;
    }
    if (now - began >= for_us) {
      say_end("over");
      linger(away_us);
      return;
    }
    if (now - store_seen_us() >= away_us) {
      say_end("away");
      return;
    }
    struct pollfd list[MOST_GOALS];
    int64_t until = next_tally < next_take ? next_tally : next_take;
    if (freeze_us != 0 && freeze_us < until) until = freeze_us;
    for (int i = 0; i < goal_count; i++) {
      goal *one = &goals[i];
      if (one->stage == WAITING && one->due_us <= now) begin_probe(one);
      int64_t next = one->stage == WAITING ? one->due_us : one->until_us;
      if (next < until) until = next;
      list[i] = (struct pollfd){.fd = one->stage == WAITING ? -1 : one->fd, .events = events_of(one)};
    }
    now = now_us();
    int64_t left = until - now;
    poll(list, (nfds_t)goal_count, left <= 0 ? 0 : (int)((left + 999) / 1000));
    int64_t at = now_us();
    for (int i = 0; i < goal_count; i++) {
      goal *one = &goals[i];
      if (list[i].fd >= 0 && list[i].revents != 0 && one->fd == list[i].fd) happened(one, list[i].revents, at);
      if (one->stage != WAITING && now_us() >= one->until_us && !has_come(one)) failed(one, ETIMEDOUT);
    }
    if (now_us() >= next_take) {
      packets_take(conversations, goal_count * PER_GOAL);
      next_take = now_us() + TAKE_EVERY_US;
    }
    if (freeze_us != 0 && now_us() >= freeze_us) {
      if (last_freeze_us != 0 && now_us() - last_freeze_us < FREEZE_EVERY_US) freeze_us = last_freeze_us + FREEZE_EVERY_US;
      else freeze();
    }
    if (now_us() >= next_tally) {
      tally();
      next_tally += tally_us;
      if (next_tally < now_us()) next_tally = now_us() + tally_us;
    }
  }
}

/* "goal KIND HOST PORT" */
static bool add_goal(char *rest) {
  static const char *const kinds[] = {"tcp", "dns", "ntp", "icmp"};
  char *kind = next_word(&rest), *host = next_word(&rest), *port = next_word(&rest);
  if (port == NULL || goal_count == MOST_GOALS) return false;
  goal *one = &goals[goal_count];
  one->fd = -1;
  one->host = must(strdup(host));
  one->port = atoi(port);
  size_t at = 0;
  while (at < 4 && strcmp(kind, kinds[at]) != 0) at++;
  if (at == 4) return false;
  one->kind = (enum kind)at;
  one->has_address = socket_address(host, one->port, &one->to, &one->to_length);
  one->is_name = !one->has_address;
  one->name.name = one->host;
  heard **own = conversations + goal_count++ * PER_GOAL;
  own[0] = &one->heard;
  for (int i = 0; i < LATE_SLOTS; i++) own[1 + i] = &one->late[i];
  return true;
}

/* stdin: lines "interval MS", "for MS", "away MS", "tally MS", "goal KIND HOST PORT", and "end". False: it was cut. */
static bool read_plan(void) {
  char *line = NULL;
  size_t size = 0;
  bool whole = false;
  while (!whole && getline(&line, &size, stdin) > 0) {
    char *rest = line, *key = next_word(&rest);
    if (key == NULL) continue;
    whole = strcmp(key, "end") == 0;
    if (strcmp(key, "goal") == 0 && !add_goal(rest)) break;
    char *value = rest == NULL || strcmp(key, "goal") == 0 ? NULL : next_word(&rest);
    int64_t us = value == NULL ? 0 : strtoll(value, NULL, 10) * 1000;
    if (us <= 0) continue;
    if (strcmp(key, "interval") == 0) interval_us = us;
    if (strcmp(key, "for") == 0) for_us = us;
    if (strcmp(key, "away") == 0) away_us = us;
    if (strcmp(key, "tally") == 0) tally_us = us;
  }
  free(line);
  return whole && goal_count > 0;
}

/* A process in a session of its own, which the end of whoever started it does not end. */
static int start(const char *id) {
  if (!read_plan()) {
    puts("error the plan was cut");
    return 1;
  }
  int ready[2];
  if (pipe(ready) != 0) {
    printf("error %s\n", error_text(errno));
    return 1;
  }
  pid_t pid = fork();
  if (pid < 0) {
    printf("error %s\n", error_text(errno));
    return 1;
  }
  char said[128] = "";
  if (pid > 0) {
    close(ready[1]);
    ssize_t got = read(ready[0], said, sizeof said - 1);
    if (got <= 0) {
      puts("error it ended at once");
      return 1;
    }
    said[got] = '\0';
    puts(said);
    return strncmp(said, "error", 5) == 0;
  }
  setsid();
  if (chdir("/") != 0) _exit(1);
  /* Where those of the exec were, which ends with the last process that holds them. */
  int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
  int tell = fcntl(ready[1], F_DUPFD_CLOEXEC, 10);
  for (int fd = 3; fd < 256; fd++)
    if (fd != tell) close(fd);
  if (!store_create(id)) {
    snprintf(said, sizeof said, "error %s", error_text(errno));
  } else {
    hears = packets_open();
    for (int i = 0; i < goal_count; i++) goals[i].fd = -1;
    filter_packets();
    snprintf(said, sizeof said, "watching %d", hears);
  }
  if (write(tell, said, strlen(said)) < 0) _exit(1);
  close(tell);
  if (strncmp(said, "error", 5) == 0) _exit(1);
  watch();
  _exit(0);
}

int watch_main(int argc, char **argv) {
  struct sigaction term = {.sa_handler = on_term};
  sigaction(SIGTERM, &term, NULL);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (argc == 3 && strcmp(argv[1], "watch-start") == 0) return start(argv[2]);
  if (argc == 4 && strcmp(argv[1], "watch-follow") == 0) {
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    return store_follow(argv[2], strtoull(argv[3], NULL, 10));
  }
  if (argc == 3 && strcmp(argv[1], "watch-stop") == 0) {
    pid_t writer = store_writer(argv[2]);
    return writer != 0 && kill(writer, SIGTERM) == 0 ? 0 : 4;
  }
  return 2;
}
