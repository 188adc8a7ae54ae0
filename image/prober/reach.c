/* Connections: reach, tcp-connect and sweep, and what they share. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes.h"

bool socket_address(const char *address, int port, struct sockaddr_storage *to, socklen_t *length) {
  memset(to, 0, sizeof *to);
  struct sockaddr_in *four = (struct sockaddr_in *)to;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
  if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    *length = sizeof *four;
    return true;
  }
  char plain[INET6_ADDRSTRLEN + 1];
  const char *zone = strchr(address, '%');
  size_t size = zone == NULL ? strlen(address) : (size_t)(zone - address);
  if (size >= sizeof plain) return false;
  memcpy(plain, address, size);
  plain[size] = '\0';
  if (inet_pton(AF_INET6, plain, &six->sin6_addr) != 1) return false;
  six->sin6_family = AF_INET6;
  six->sin6_port = htons((uint16_t)port);
  if (zone != NULL) {
    /* Not from /sys, which may be of another network namespace. */
    six->sin6_scope_id = if_nametoindex(zone + 1);
    if (six->sin6_scope_id == 0) return false;
  }
  *length = sizeof *six;
  return true;
}

const char *resolve(job *self, const char *name) {
  if (strchr(name, ':') != NULL || name[strspn(name, "0123456789.")] == '\0') return name;
  text out = {0}, err = {0};
  char *argv[] = {"getent", "ahosts", (char *)name, NULL};
  int code = job_run(self, argv, &out, &err);
  text_free(&err);
  size_t length = out.data == NULL ? 0 : strcspn(out.data, " \t\n");
  if (code != 0 || length == 0) {
    text_free(&out);
    return NULL;
  }
  char *address = job_alloc(self, length + 1);
  memcpy(address, out.data, length);
  text_free(&out);
  return address;
}

const char *zone_of(const char *address) {
  const char *at = strchr(address, '%');
  return at == NULL ? NULL : at + 1;
}

const char *without_zone(job *self, const char *address) {
  size_t length = strcspn(address, "%");
  if (address[length] == '\0') return address;
  char *plain = job_alloc(self, length + 1);
  memcpy(plain, address, length);
  plain[length] = '\0';
  return plain;
}

/* What `ip` says of the way to an address. Several probes of a phase go to one address: it is asked for once. */
typedef struct route {
  char *address;
  bool ready;
  text said;
  job *asker;
  struct route *next;
} route;

static route *routes;

void forget_routes(void) {
  while (routes != NULL) {
    route *next = routes->next;
    text_free(&routes->said);
    free(routes->address);
    free(routes);
    routes = next;
  }
}

static void add_routes(text *to, const text *said) {
  const char *line = said->data;
  while (line != NULL && *line != '\0') {
    size_t length = strcspn(line, "\n");
    text_add(to, "route ", 6);
    text_add(to, line, length);
    text_add(to, "\n", 1);
    line += length + (line[length] == '\n');
  }
}

static void print_routes(job *self, const char *address) {
  route *one = routes;
  while (one != NULL && (strcmp(one->address, address) != 0 || (!one->ready && one->asker->done))) one = one->next;
  if (one == NULL) {
    one = must(calloc(1, sizeof *one));
    one->address = must(strdup(address));
    one->asker = self;
    one->next = routes;
    routes = one;
    char *plain = (char *)without_zone(self, address), *zone = (char *)zone_of(address);
    char *get[] = {"ip", "-o", "route", "get", plain, zone == NULL ? NULL : "oif", zone, NULL};
    char *match[] = {"ip", "-d", "route", "show", "table", "all", "to", "match", plain, NULL};
    if (job_run(self, get, &one->said, &one->said) == 127) text_free(&one->said);
    else job_run(self, match, &one->said, &one->said);
    one->ready = true;
  }
  /* What the asker waits for the budget is not charged to those that wait for it. */
  for (int64_t before = one->asker->waited_us; !one->ready && !one->asker->done;) {
    co_sleep(2000);
    self->waited_us += one->asker->waited_us - before;
    before = one->asker->waited_us;
  }
  if (one->ready) add_routes(&self->out, &one->said);
}

int begin_connect(job *self, const char *address, int port, int type, int *socket_fd) {
  struct sockaddr_storage to;
  socklen_t length;
  if (!socket_address(address, port, &to, &length)) return EINVAL;
  int fd = job_socket(self, to.ss_family, type, 0);
  *socket_fd = fd;
  if (fd < 0) return errno;
  /*
   * An ICMP error that comes while connect() is at work on the socket, as that of a neighbouring namespace on the same
   * CPU does, is kept as a soft one (tcp_v4_err, sock_owned_by_user) and tells nobody: the connection would end with the
   * error of a SYN that is sent again, 1 or 3 s later, or in silence where whoever refuses limits its errors by then.
   */
  if (type == SOCK_STREAM) queue_errors(fd, true);
  return connect(fd, (struct sockaddr *)&to, length) == 0 ? 0 : errno;
}

int end_connect(int fd, int64_t until_us, icmp_error *by_icmp) {
  short happened = co_wait(fd, POLLOUT, until_us);
  if (happened == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0 && (happened & POLLOUT) != 0) return 0;
  /* It is queued before the socket has it. */
  bool queued = queued_icmp(fd, by_icmp);
  if (error != 0) return error;
  return queued ? by_icmp->error : EIO;
}

static int connect_within(job *self, const char *address, int port, int type, int64_t until_us, int *socket_fd,
                          icmp_error *by_icmp) {
  *by_icmp = (icmp_error){0};
  int error = begin_connect(self, address, port, type, socket_fd);
  if (error == EINPROGRESS) return end_connect(*socket_fd, until_us, by_icmp);
  if (error != 0 && type == SOCK_STREAM && *socket_fd >= 0) queued_icmp(*socket_fd, by_icmp);
  return error;
}

static void end_try(job *self, const char *word, int64_t before, int64_t after) {
  text_print(&self->out, "%s %lld\n", word, (long long)(after - before));
}

/*
 * How the far side ended a connection on which nobody has sent a byte: "reset", "closed", or NULL where it stands. A
 * proxy whose server behind it refuses needs a moment to hear of it, hence the wait: twice as long as the connection
 * took, and a tenth of a second.
 */
static const char *ended_by_peer(int fd, int64_t took_us) {
  char byte;
  if (co_wait(fd, POLLIN, now_us() + 2 * took_us + 100000) == 0) return NULL;
  ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0) return "closed";
  return got < 0 && errno == ECONNRESET ? "reset" : NULL;
}

/* What ended a connection, where the kernel tells: "icmp none" is a reset, or something of this machine's own. */
static void print_icmp(job *self, const icmp_error *by) {
  if (by->error != 0) text_print(&self->out, "icmp type %d code %d from %s\n", by->type, by->code, by->sender);
  else if (connects_queue_errors()) text_print(&self->out, "icmp none\n");
}

/* The error of the last try, or 0; `by_icmp`: the ICMP error that ended it, if one did. */
static int reach_tcp(job *self, const char *address, int port, int payload, int64_t started, icmp_error *by_icmp) {
  int64_t before = now_us();
  text_print(&self->out, "try %lld\n", (long long)(before - started));
  int fd = -1;
  /* Longer than the probe itself may take: what is still open then is for the reader to tell. */
  int error = connect_within(self, address, port, SOCK_STREAM, before + 3600 * 1000000LL, &fd, by_icmp);
  int64_t after = now_us();
  if (error != 0) {
    text_print(&self->out, "reach: connect: %s\n", error_text(error));
    print_icmp(self, by_icmp);
    end_try(self, "failed", before, after);
    if (fd >= 0) job_close(self, fd);
    return error;
  }
  end_try(self, "ok", before, after);
  /* They would be fatal to a connection that stands. */
  queue_errors(fd, false);
  const char *how = ended_by_peer(fd, after - before);
  if (how != NULL) {
    text_print(&self->out, "ended %s\n", how);
    job_close(self, fd);
    return ECONNRESET;
  }
  if (payload <= 0) return 0;
  /* No line end: servers of text protocols wait for one and do nothing. */
  static char blanks[4096];
  memset(blanks, ' ', sizeof blanks);
  if (payload > (int)sizeof blanks) payload = sizeof blanks;
  /* One byte first: where it is not acknowledged either, size is not what stops the others. */
  if (send(fd, blanks, 1, MSG_NOSIGNAL) < 0) return 0;
  text_print(&self->out, "first 1\n");
  if (payload > 1 && send(fd, blanks, (size_t)payload - 1, MSG_NOSIGNAL) < 0) return 0;
  /* Until somebody has looked at the socket; without anybody who does, as long as one would take. */
  if (samplers(false) == 0) co_sleep(2200000);
  while (samplers(true) > 0) co_sleep(10000);
  return 0;
}

static const char dns_question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";

static bool reach_udp(job *self, const char *address, int port, const char *payload, int64_t started) {
  int64_t before = now_us();
  text_print(&self->out, "try %lld\n", (long long)(before - started));
  int fd = -1;
  icmp_error by_icmp;
  int error = connect_within(self, address, port, SOCK_DGRAM, before, &fd, &by_icmp);
  if (error != 0) {
    text_print(&self->out, "reach: connect: %s\n", error_text(error));
    end_try(self, "failed", before, now_us());
    return false;
  }
  char ntp[48] = "\x23";
  const void *bytes = "nettools";
  size_t size = 8;
  if (strcmp(payload, "dns") == 0) bytes = dns_question, size = sizeof dns_question - 1;
  else if (strcmp(payload, "ntp") == 0) bytes = ntp, size = sizeof ntp;
  if (send(fd, bytes, size, MSG_NOSIGNAL) < 0) {
    text_print(&self->out, "reach: send: write error: %s\n", error_text(errno));
    end_try(self, "failed", before, now_us());
    job_close(self, fd);
    return false;
  }
  const char *word = "silent";
  if (co_wait(fd, POLLIN, now_us() + 1050000) != 0) {
    static char answer[2048];
    if (recv(fd, answer, sizeof answer, 0) >= 0) {
      word = "answered";
    } else {
      text_print(&self->out, "reach: read error: %s\n", error_text(errno));
      word = "failed";
    }
  }
  end_try(self, word, before, woken_us());
  job_close(self, fd);
  return strcmp(word, "answered") == 0;
}

void probe_reach(job *self) {
  if (self->word_count < 4) return;
  const char *protocol = self->words[0], *name = self->words[1], *payload = self->words[3];
  int port = atoi(self->words[2]);
  int64_t started = now_us();
  const char *address = resolve(self, name);
  if (address == NULL) {
    text_print(&self->out, "unresolved\n");
    return;
  }
  text_print(&self->out, "address %s\n", without_zone(self, address));
  print_routes(self, address);
  /* Whoever listens for ICMP errors has to be there first. */
  co_sleep_until(phase_us() + 400000);
  bool is_tcp = strcmp(protocol, "tcp") == 0;
  for (int i = 0; i < 3; i++) {
    int64_t begun = now_us();
    int error = 0;
    icmp_error by_icmp = {0};
    if (is_tcp ? (error = reach_tcp(self, address, port, atoi(payload), started, &by_icmp)) == 0
               : reach_udp(self, address, port, payload, started))
      return;
    /*
     * Who answers by ICMP limits it, for all that this target asks (net.ipv4.icmp_ratelimit: six at once, and one a
     * second; ip_error, two or three): each SYN uses it up, and the last tries would look like silence.
     */
    if (by_icmp.error != 0 || error == ENETUNREACH) return;
    /* A second wait of several seconds would tell nothing new; the waits for a datagram are one second each. */
    if (now_us() - begun < 500000) co_sleep(300000);
    else if (is_tcp) return;
  }
}

/* What a try is waited for: the first until a silent neighbour becomes an error (3 s), others for one SYN sent again (1 s). */
#define FIRST_LIMIT_US 3500000
#define LIMIT_US 1500000
/* A lost SYN is sent again after a second (RFC 6298, 2.1); a timer may be a moment early. */
#define SENT_AGAIN_US 990000
/* A first try without an answer to two SYNs is met by silence: others go out while it waits, and end before it does. */
#define SILENT_US 1200000
/* With the first one, half of all connections that are lost pass for all of them once in 64 runs. */
#define BESIDE 5
/* So many ICMP errors in a row say that there will be no answer. Others need them too: one a second is not limited. */
#define ICMP_ERRORS 3
#define ICMP_EVERY_US 1000000
/* What tell_ways() takes, and the last try before it. */
#define WAYS_US 2500000
#define BESIDE_EVERY_US 160000

typedef struct series series;

/* One try of a series. What one beside another prints is held, so that they stand one after the other. */
typedef struct {
  series *of;
  int64_t delay_us, limit_us;
  bool done, answered;
  icmp_error by_icmp;
  text *out, held;
} try;

struct series {
  job *self;
  const char *address;
  int port, count;
  /* Whether any was met by silence, and whether any was not. */
  bool any_silent, any_met, any_lost;
  /* Those that went out beside the first. */
  try beside[BESIDE];
  int beside_count;
};

static void begin_beside(series *of);

static void one_try(try *one, bool is_first) {
  series *of = one->of;
  job *self = of->self;
  text *out = one->out;
  text_print(out, "try\n");
  int64_t already = unscheduled_us(), before = now_us();
  int fd = -1;
  int error = begin_connect(self, of->address, of->port, SOCK_STREAM, &fd);
  if (error == EINPROGRESS && is_first) {
    error = end_connect(fd, before + SILENT_US, &one->by_icmp);
    if (error == ETIMEDOUT && now_us() - before >= SILENT_US) {
      begin_beside(of);
      error = EINPROGRESS;
    }
  }
  if (error == EINPROGRESS) error = end_connect(fd, before + one->limit_us, &one->by_icmp);
  /* An answer that came while others were handled is not charged for that. */
  int64_t after = woken_us() > before ? woken_us() : now_us();
  int64_t waited = unscheduled_us() - already;
  /* The answer was not there when poll() returned before: what was waited until then has not delayed it. */
  if (waited > woken_late_us()) waited = woken_late_us();
  of->any_silent |= error == ETIMEDOUT;
  of->any_lost |= after - before >= SENT_AGAIN_US;
  of->any_met |= error == 0 || (error == ECONNREFUSED && one->by_icmp.error == 0);
  if (fd >= 0) job_close(self, fd);
  if (error == ETIMEDOUT && after - before >= one->limit_us) text_print(out, "given up: Connection timed out\n");
  else if (error != 0) text_print(out, "tcp-connect: connect: %s\n", error_text(error));
  text_print(out, "%s %lld", error == 0 ? "ok" : "failed", (long long)(after - before));
  /* Below a millisecond it is noise; longer than all of the try, it was not in it. */
  if (waited >= 1000 && waited < after - before) text_print(out, " %lld", (long long)waited);
  text_print(out, "\n");
  one->answered = error == 0 || error == ECONNREFUSED;
  one->done = true;
}

static void try_beside(void *argument) {
  try *one = argument;
  co_sleep(one->delay_us);
  one_try(one, false);
}

/* Silence has no time that could be spoiled: what loads the target need not wait for its end. */
static void begin_beside(series *of) {
  job_times(of->self, false);
  for (int i = 0; i < BESIDE && i + 1 < of->count; i++) {
    try *one = &of->beside[i];
    *one = (try){.of = of, .delay_us = i * BESIDE_EVERY_US, .limit_us = LIMIT_US, .out = &one->held};
    co_start(of->self, try_beside, one);
    of->beside_count++;
  }
}

/* Waits for those that went out beside the first try: whether any of them was answered. */
static bool end_beside(series *of) {
  bool answered = false;
  for (int i = 0; i < of->beside_count; i++) {
    try *one = &of->beside[i];
    while (!one->done) co_sleep(5000);
    text_add(&of->self->out, one->held.data, one->held.length);
    text_free(&one->held);
    answered |= one->answered;
  }
  return answered;
}

void probe_connect(job *self) {
  if (self->word_count < 5) return;
  const char *name = self->words[0];
  int64_t interval = atoll(self->words[3]) * 1000, budget = atoll(self->words[4]) * 1000;
  int enough = self->word_count > 5 ? atoi(self->words[5]) : 0;
  /* Once, so that no try pays for the name. */
  const char *address = resolve(self, name);
  if (address == NULL) {
    text_print(&self->out, "unresolved\n");
    return;
  }
  text_print(&self->out, "address %s\n", address);
  series *of = job_alloc(self, sizeof *of);
  *of = (series){.self = self, .address = address, .port = atoi(self->words[1]), .count = atoi(self->words[2])};
  int64_t started = now_us();
  bool timed = self->times, silent = false;
  int icmp_errors = 0;
  for (int i = 0; i < of->count; i++) {
    bool is_mixed = of->any_silent && of->any_met;
    bool is_spared = enough > 0 && !of->any_lost && echo_answered(address);
    if (is_spared && i >= enough) break;
    if (silent || icmp_errors == ICMP_ERRORS || now_us() - started > budget - (is_mixed ? WAYS_US : 0)) {
      text_print(&self->out, "budget\n");
      break;
    }
    try one = {.of = of, .limit_us = i == 0 ? FIRST_LIMIT_US : LIMIT_US, .out = &self->out};
    one_try(&one, i == 0);
    bool by_icmp = one.by_icmp.error != 0;
    icmp_errors = by_icmp ? icmp_errors + 1 : 0;
    if (by_icmp && icmp_errors < ICMP_ERRORS) {
      /* Who refuses is not at the other end, and its time says nothing of the way. */
      job_times(self, false);
      co_sleep(ICMP_EVERY_US);
      job_times(self, timed);
      continue;
    }
    if (i == 0 && of->beside_count > 0) {
      /* None of several was answered, in more time than the budget would leave for more of them one by one. */
      silent = !end_beside(of) && !one.answered;
      i += of->beside_count;
      if (!silent) job_times(self, timed);
    }
    co_sleep(is_spared ? interval * of->count / enough : interval);
  }
  if (of->any_silent && of->any_met) tell_ways(self, address, of->port);
}

/*
 * Whether each of many endpoints takes connections: sweep LIMIT_MS ADDRESS PORT [ADDRESS PORT]...
 * Prints for each "endpoint ADDRESS PORT connected|refused|silent|failed MICROSECONDS [ERROR]". So many at once that a
 * thousand take seconds, and no more, so that the burst is none: a connection is closed as soon as it stands. What is
 * silent is asked a second time, since a lost SYN or two is not a dead server.
 */
#define SWEEP_WIDTH 250

typedef struct {
  job *self;
  int64_t limit_us;
  int next, left;
} sweep;

static void sweep_some(void *argument) {
  sweep *all = argument;
  job *self = all->self;
  while (all->next + 1 < self->word_count) {
    const char *address = self->words[all->next], *port = self->words[all->next + 1];
    all->next += 2;
    int error = 0;
    int64_t took = 0;
    for (int tries = 0; tries < 2; tries++) {
      int fd = -1;
      int64_t before = now_us();
      icmp_error by_icmp;
      error = connect_within(self, address, atoi(port), SOCK_STREAM, before + all->limit_us, &fd, &by_icmp);
      took = (woken_us() > before ? woken_us() : now_us()) - before;
      if (fd >= 0) job_close(self, fd);
      if (error != ETIMEDOUT) break;
    }
    const char *word = error == 0              ? "connected"
                       : error == ECONNREFUSED ? "refused"
                       : error == ETIMEDOUT    ? "silent"
                                               : "failed";
    text_print(&self->out, "endpoint %s %s %s %lld%s%s\n", address, port, word, (long long)took,
               error == 0 ? "" : " ", error == 0 ? "" : error_text(error));
  }
  all->left--;
}

void probe_sweep(job *self) {
  if (self->word_count < 3) return;
  sweep *all = job_alloc(self, sizeof *all);
  all->self = self;
  all->limit_us = atoll(self->words[0]) * 1000;
  all->next = 1;
  int pairs = (self->word_count - 1) / 2;
  all->left = pairs < SWEEP_WIDTH ? pairs : SWEEP_WIDTH;
  for (int i = all->left; i > 0; i--) co_start(self, sweep_some, all);
  while (all->left > 0) co_sleep(5000);
}
