/* Asks name servers, each by itself; dns.sh says what is asked, why, and what is printed. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "dns-message.h"
#include "probes.h"

/* Longer than the 4 s that a finding needs, and than the resolver's own 5 s. */
#define PATIENT 6
/* One run of questions takes no longer. */
#define RUN_US 9000000
/* So long after its question, an answer was lost, and is not late: the C library gives up after 5 s, and asks again. */
#define LOST_US 3000000
#define MOST_UNANSWERED 64
/* The C library's own limits (resolv.h): MAXNS is 3; one more shows that there are too many. */
#define MAX_SERVERS 4
#define MAX_NAMES 64
#define MAX_SEARCH 32
#define MAX_CANDIDATES (MAX_SEARCH + 2)

typedef struct {
  const char *name, *type;
} question;

/* A question whose time was up. */
typedef struct {
  struct server *of;
  question asked;
  int fd;
  uint16_t id;
  int64_t sent;
} unanswered;

/* One server, and what came of it. */
typedef struct server {
  job *self;
  struct probe *all;
  const char *role, *address;
  int udp_port, tcp_port;
  text said, said_tcp;
  bool answered_udp, answered_tcp, refused, is_slow;
} server;

typedef struct probe {
  job *self;
  char *search[MAX_SEARCH];
  int search_count, ndots, wait_s;
  char control[300];
  const char *names[MAX_NAMES];
  char *principals[MAX_NAMES];
  char *candidates[MAX_NAMES][MAX_CANDIDATES];
  int candidate_count[MAX_NAMES];
  int name_count;
  server *servers;
  int server_count;
  text resolver[MAX_NAMES];
  unanswered late[MOST_UNANSWERED];
  int late_count;
  text late_said;
  int left;
} probe_state;

static char *copy(job *self, const char *from, size_t length) {
  char *to = job_alloc(self, length + 1);
  memcpy(to, from, length);
  return to;
}

static uint16_t random_id(void) {
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) id = (uint16_t)now_us();
  return id;
}

/* The words that dig uses for an error of the network. */
static void network_error(char *to, size_t size, int error) {
  snprintf(to, size, "%s", error == ENETUNREACH ? "network unreachable" : error == EHOSTUNREACH ? "host unreachable" : error_text(error));
  to[0] = (char)tolower((unsigned char)to[0]);
}

static void end_answer(server *of, text *to, int64_t took, size_t size, int port, const char *protocol) {
  text_print(to, "|\n|;; Query time: %lld usec\n|;; SERVER: %s#%d(%s) (%s)\n|;; MSG SIZE  rcvd: %zu\n|\n",
             (long long)took, of->address, port, of->address, protocol, size);
  if (took >= 1000000) of->is_slow = true;
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  if (a->ss_family != b->ss_family) return false;
  if (a->ss_family == AF_INET) {
    const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
    return x->sin_addr.s_addr == y->sin_addr.s_addr && x->sin_port == y->sin_port;
  }
  const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;
  return memcmp(&x->sin6_addr, &y->sin6_addr, 16) == 0 && x->sin6_port == y->sin6_port;
}

static void print_source(text *to, const server *of, const struct sockaddr_storage *from, int port) {
  char address[INET6_ADDRSTRLEN] = "?";
  const struct sockaddr_in *four = (const void *)from;
  const struct sockaddr_in6 *six = (const void *)from;
  bool is_four = from->ss_family == AF_INET;
  inet_ntop(from->ss_family, is_four ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr, address, sizeof address);
  text_print(to, "|;; reply from unexpected source: %s#%d, expected %s#%d\n", address,
             ntohs(is_four ? four->sin_port : six->sin6_port), of->address, port);
}

/* Whether an answer repeats the question that was sent, or none; dig waits on for one that does. */
static bool same_question(const uint8_t *sent, size_t size, const uint8_t *answer, size_t got) {
  if (answer[4] == 0 && answer[5] == 0) return true;
  if (got < size) return false;
  for (size_t i = 12; i < size; i++)
    if (tolower(sent[i]) != tolower(answer[i])) return false;
  return true;
}

static bool is_refusal(int error) { return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH; }

/* An answer that came after its time, and so was not lost. */
static void tell_late(server *of, question asked, int64_t took) {
  text_print(&of->all->late_said, "late %s %d %s %s %lld\n", of->address, of->udp_port, asked.name, asked.type,
             (long long)took);
}

/* One try over UDP: true where it was answered, be it with garbage. */
static bool try_udp(server *of, text *to, question asked, int seconds, int64_t until) {
  job *self = of->self;
  int port = of->udp_port;
  uint8_t bytes[65536 / 8];
  uint16_t id = random_id();
  size_t size = dns_question(bytes, id, asked.name, asked.type);
  if (size == 0) {
    text_print(to, "|dig: '%s' is not a legal name (bad label)\n|;; no servers could be reached\n", asked.name);
    return true;
  }
  uint8_t question_sent[DNS_MAX_QUESTION];
  memcpy(question_sent, bytes, size);
  struct sockaddr_storage where, from;
  socklen_t length;
  int fd = -1, error = 0;
  if (!socket_address(of->address, port, &where, &length)) error = EINVAL;
  else if ((fd = job_socket(self, where.ss_family, SOCK_DGRAM, 0)) < 0) error = errno;
  /* Before it goes out: whoever answers may have the CPU before this process has it again. */
  int64_t sent = now_us();
  if (error == 0) {
    queue_errors(fd, true);
    stamp_arrivals(fd);
    /* What a rule of the target's own drops looks like silence to a resolver, and is asked for apart. */
    if (sendto(fd, bytes, size, MSG_NOSIGNAL, (struct sockaddr *)&where, length) < 0 && errno != EPERM) error = errno;
  }
  char words[80];
  if (error != 0) {
    network_error(words, sizeof words, error);
    text_print(to, "|;; UDP setup with %s#%d(%s) for %s failed: %s.\n", of->address, port, of->address, asked.name, words);
    if (is_refusal(error)) of->refused = true;
    if (fd >= 0) job_close(self, fd);
    return false;
  }
  int64_t deadline = sent + (int64_t)seconds * 1000000;
  if (deadline > until) deadline = until;
  bool answered = false;
  for (;;) {
    short happened = co_wait(fd, POLLIN, deadline);
    if (happened & POLLERR) {
      error = queued_error(fd);
      if (error == 0) continue;
      network_error(words, sizeof words, error);
      text_print(to, "|;; communications error to %s#%d: %s\n", of->address, port, words);
      if (is_refusal(error)) of->refused = true;
      break;
    }
    int64_t came = 0;
    ssize_t got = receive_stamped(fd, bytes, sizeof bytes, &from, &came);
    /* What came in time counts, however late this process is; the time may be up while what is no answer still comes. */
    if (got < 0 ? woken_us() >= deadline : came > deadline) {
      text_print(to, "|;; communications error to %s#%d: timed out\n", of->address, port);
      bool own = got >= 12 && same_host(&from, &where) && (bytes[0] << 8 | bytes[1]) == id;
      if (own && same_question(question_sent, size, bytes, (size_t)got))
        tell_late(of, asked, came - sent);
      else if (of->all->late_count < MOST_UNANSWERED) {
        of->all->late[of->all->late_count++] = (unanswered){of, asked, fd, id, sent};
        return false;
      }
      break;
    }
    if (got < 0) continue;
    if (!same_host(&from, &where)) {
      print_source(to, of, &from, port);
      continue;
    }
    if (got < 12) {
      text_print(to, "|;; Warning: short (< header size) message received\n");
      continue;
    }
    text said = {0};
    enum dns_kind kind = dns_print(&said, bytes, (size_t)got, id);
    bool other = kind == DNS_ANSWER && !same_question(question_sent, size, bytes, (size_t)got);
    if (!other && said.length > 0) text_add(to, said.data, said.length);
    text_free(&said);
    if (other) {
      text_print(to, "|;; ;; Question section mismatch\n");
      continue;
    }
    if (kind == DNS_OTHER_ID) {
      text_print(to, "|;; Warning: ID mismatch: expected ID %u, got %u\n", id, (unsigned)(bytes[0] << 8 | bytes[1]));
      continue;
    }
    answered = true;
    if (kind == DNS_MALFORMED) {
      /* The parser takes a bad packet's first line for the end of what is said of a question. */
      if ((bytes[2] & 0x80) == 0) text_print(to, "|;; Warning: query response not set\n|;; MSG SIZE  rcvd: %zd\n", got);
      else text_print(to, "|;; Got bad packet: FORMERR\n|%zd bytes\n", got);
    } else {
      of->answered_udp = true;
      end_answer(of, to, came - sent, (size_t)got, port, "UDP");
    }
    break;
  }
  job_close(self, fd);
  return answered;
}

/* Reads so many bytes; false: they did not come in time. */
static bool receive_all(int fd, uint8_t *to, size_t count, int64_t until, int *error) {
  for (size_t have = 0; have < count;) {
    ssize_t got = recv(fd, to + have, count - have, MSG_DONTWAIT);
    if (got > 0) {
      have += (size_t)got;
      continue;
    }
    if (got == 0) *error = ECONNRESET;
    else if (errno != EAGAIN) *error = errno;
    if (*error != 0) return false;
    if (co_wait(fd, POLLIN, until) == 0) return false;
  }
  return true;
}

static bool try_tcp(server *of, text *to, question asked, int seconds, int64_t until) {
  job *self = of->self;
  int port = of->tcp_port;
  uint8_t bytes[2 + DNS_MAX_QUESTION + 64];
  static uint8_t answer[65536];
  uint16_t id = random_id();
  size_t size = dns_question(bytes + 2, id, asked.name, asked.type);
  if (size == 0) {
    text_print(to, "|dig: '%s' is not a legal name (bad label)\n|;; no servers could be reached\n", asked.name);
    return true;
  }
  bytes[0] = (uint8_t)(size >> 8);
  bytes[1] = (uint8_t)size;
  struct sockaddr_storage where;
  socklen_t length;
  int64_t begun = now_us(), deadline = begun + (int64_t)seconds * 1000000;
  if (deadline > until) deadline = until;
  int fd = -1, error = 0;
  if (!socket_address(of->address, port, &where, &length)) error = EINVAL;
  else if ((fd = job_socket(self, where.ss_family, SOCK_STREAM, 0)) < 0) error = errno;
  else if (connect(fd, (struct sockaddr *)&where, length) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      socklen_t error_size = sizeof error;
      if (co_wait(fd, POLLOUT, deadline) == 0) error = ETIMEDOUT;
      else getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
    }
  }
  char words[80];
  if (error != 0) {
    if (error == ETIMEDOUT) snprintf(words, sizeof words, "timed out");
    else network_error(words, sizeof words, error);
    text_print(to, "|;; Connection to %s#%d(%s) for %s failed: %s.\n", of->address, port, of->address, asked.name, words);
    if (fd >= 0) job_close(self, fd);
    return false;
  }
  int64_t sent = now_us();
  bool answered = false;
  if (send(fd, bytes, size + 2, MSG_NOSIGNAL) < 0) error = errno;
  uint8_t prefix[2];
  size_t got = 0;
  if (error == 0 && receive_all(fd, prefix, 2, deadline, &error)) {
    got = (size_t)(prefix[0] << 8 | prefix[1]);
    /* One buffer for all: what is waited for must not be overwritten meanwhile. */
    uint8_t *own = got > 0 ? must(malloc(got)) : NULL;
    if (own != NULL && receive_all(fd, own, got, deadline, &error)) {
      memcpy(answer, own, got);
      answered = true;
    }
    free(own);
  }
  if (answered) {
    if (dns_print(to, answer, got, id) == DNS_ANSWER) {
      of->answered_tcp = true;
      /* It may have been there before it was waited for. */
      end_answer(of, to, (woken_us() > sent ? woken_us() : now_us()) - sent, got, port, "TCP");
    } else {
      text_print(to, "|;; Got bad packet: FORMERR\n|%zu bytes\n", got);
    }
  } else {
    if (error != 0) network_error(words, sizeof words, error);
    text_print(to, "|;; communications error to %s#%d: %s\n", of->address, port, error == 0 ? "timed out" : words);
  }
  job_close(self, fd);
  return answered;
}

/* One run of questions, one after the other, into a text of its own. */
static void ask(server *of, text *to, bool tcp, int seconds, int tries, const question *questions, int count) {
  if (count == 0) return;
  text_print(to, "query %s %s %d %s %d %d", of->role, of->address, tcp ? of->tcp_port : of->udp_port,
             tcp ? "tcp" : "udp", seconds, tries);
  for (int i = 0; i < count; i++) text_print(to, " %s %s", questions[i].name, questions[i].type);
  text_print(to, "\n");
  int64_t until = now_us() + RUN_US;
  for (int i = 0; i < count && now_us() < until; i++) {
    bool answered = false;
    for (int n = 0; n < tries && !answered; n++)
      answered = tcp ? try_tcp(of, to, questions[i], seconds, until) : try_udp(of, to, questions[i], seconds, until);
    if (!answered) text_print(to, "|;; no servers could be reached\n");
  }
}

typedef struct {
  server *of;
  text said;
  question asked;
  int *left;
} single;

static void ask_single(void *argument) {
  single *one = argument;
  ask(one->of, &one->said, false, PATIENT, 1, &one->asked, 1);
  (*one->left)--;
}

/* Several questions at the same time, each a run of its own. */
static void ask_apart(server *of, const question *questions, int count) {
  if (count == 0) return;
  single *runs = job_alloc(of->self, sizeof *runs * (size_t)count);
  int *left = job_alloc(of->self, sizeof *left);
  *left = count;
  for (int i = 0; i < count; i++) {
    runs[i] = (single){.of = of, .asked = questions[i], .left = left};
    co_start(of->self, ask_single, &runs[i]);
  }
  while (*left > 0) co_sleep(2000);
  for (int i = 0; i < count; i++) {
    if (runs[i].said.length > 0) text_add(&of->said, runs[i].said.data, runs[i].said.length);
    text_free(&runs[i].said);
  }
}

static int add_both(question *to, int count, const char *name) {
  to[count++] = (question){name, "A"};
  to[count++] = (question){name, "AAAA"};
  return count;
}

/* The control first, with time enough to tell slow from silent; then the rest. */
static void over_udp(server *of) {
  probe_state *all = of->all;
  bool is_server = strcmp(of->role, "server") == 0;
  int room = 2 + all->name_count;
  for (int i = 0; i < all->name_count; i++) room += all->candidate_count[i];
  question *questions = job_alloc(of->self, sizeof *questions * (size_t)room * 2);
  /* A virtual address stands for several servers: more tries there, or one that is dead looks like all. */
  int count = add_both(questions, 0, all->control);
  if (is_server) count = add_both(questions, count, all->control);
  for (int i = 0; is_server && i < all->name_count && i < 3; i++)
    if (strcmp(all->principals[i], all->control) != 0) count = add_both(questions, count, all->principals[i]);
  ask_apart(of, questions, count);
  if (!of->answered_udp) return;
  count = 0;
  for (int i = is_server ? 3 : 0; i < all->name_count; i++)
    if (strcmp(all->principals[i], all->control) != 0) count = add_both(questions, count, all->principals[i]);
  if (is_server) {
    ask_apart(of, questions, count);
    count = 0;
    for (int i = 0; !of->is_slow && i < all->name_count; i++)
      for (int c = 0; c < all->candidate_count[i]; c++)
        if (strcmp(all->candidates[i][c], all->principals[i]) != 0)
          count = add_both(questions, count, all->candidates[i][c]);
  }
  ask(of, &of->said, false, 1, 2, questions, count);
}

static void over_tcp(server *of, text *to) {
  probe_state *all = of->all;
  question *questions = job_alloc(of->self, sizeof *questions * (size_t)(MAX_NAMES * 2 + 2));
  int count = add_both(questions, 0, all->control);
  ask(of, to, true, 3, 1, questions, count);
  if (!of->answered_tcp) return;
  count = 0;
  for (int i = 0; i < all->name_count; i++)
    if (strcmp(all->principals[i], all->control) != 0) count = add_both(questions, count, all->principals[i]);
  ask(of, to, true, 3, 1, questions, count);
}

static void by_udp(void *argument) {
  server *of = argument;
  over_udp(of);
  of->all->left--;
}

static void by_tcp(void *argument) {
  server *of = argument;
  over_tcp(of, &of->said_tcp);
  of->all->left--;
}

/* getaddrinfo, as an application meets it: the image's C library. */
static void look_up(probe_state *all, int index) {
  job *self = all->self;
  for (int again = 0; again < 2; again++) {
    text said = {0};
    int64_t took = 0;
    char *argv[] = {"getent", "ahosts", (char *)all->names[index], NULL};
    int code = job_run_within(self, argv, &said, &said, 9000000, &took);
    if (code == 127) {
      text_free(&said);
      return;
    }
    text *to = &all->resolver[index];
    text_print(to, "resolver getent %s %lld %d\n", all->names[index], (long long)(took / 10000), code);
    for (char *line = said.data; line != NULL && *line != '\0';) {
      size_t length = strcspn(line, "\n");
      text_print(to, "|%.*s\n", (int)(length > 500 ? 500 : length), line);
      line += length + (line[length] == '\n');
    }
    text_free(&said);
    /* One packet that was lost is not a rule: what took as long as a time-out is asked for once more. */
    if (code != 0 || took < (int64_t)all->wait_s * 900000) return;
  }
}

typedef struct {
  probe_state *all;
  int index;
} lookup;

static void by_resolver(void *argument) {
  lookup *one = argument;
  /* A little later: it repeats itself at once where it is refused, and would use up what ICMP messages routers send. */
  co_sleep(200000);
  look_up(one->all, one->index);
  one->all->left--;
}

static void read_resolv_conf(probe_state *all, char **addresses, int *count) {
  all->ndots = 1;
  all->wait_s = 5;
  FILE *file = fopen("/etc/resolv.conf", "re");
  if (file == NULL) return;
  char line[4096];
  while (fgets(line, sizeof line, file) != NULL) {
    char *rest = line, *key;
    while ((key = strsep(&rest, " \t\r\n")) != NULL && *key == '\0') continue;
    if (key == NULL) continue;
    bool is_search = strcmp(key, "search") == 0 || strcmp(key, "domain") == 0;
    if (is_search) all->search_count = 0;
    for (char *value; rest != NULL && (value = strsep(&rest, " \t\r\n")) != NULL;) {
      if (*value == '\0') continue;
      if (strcmp(key, "nameserver") == 0) {
        if (*count < MAX_SERVERS && strspn(value, "0123456789abcdefABCDEF.:%_-ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ") == strlen(value))
          addresses[(*count)++] = copy(all->self, value, strlen(value));
        break;
      }
      if (is_search && all->search_count < MAX_SEARCH)
        all->search[all->search_count++] = copy(all->self, value, strlen(value));
      else if (strcmp(key, "options") == 0 && strncmp(value, "ndots:", 6) == 0 && isdigit((unsigned char)value[6]))
        all->ndots = atoi(value + 6);
      else if (strcmp(key, "options") == 0 && strncmp(value, "timeout:", 8) == 0) {
        /* 30 is the most that the C library takes. */
        int wait = atoi(value + 8);
        if (wait >= 1 && wait <= 30) all->wait_s = wait;
      }
    }
  }
  fclose(file);
}

static char *joined(job *self, const char *a, const char *b) {
  size_t length = strlen(a) + strlen(b) + 2;
  char *to = job_alloc(self, length + 1);
  snprintf(to, length + 1, b[0] == '\0' ? "%s%s." : "%s.%s.", a, b);
  return to;
}

/* What the resolver asks for a name, in its order (resolv.conf(5)). */
static void add_candidates(probe_state *all, int index) {
  const char *name = all->names[index];
  char **to = all->candidates[index];
  int *count = &all->candidate_count[index];
  size_t length = strlen(name);
  if (length > 0 && name[length - 1] == '.') {
    to[(*count)++] = all->principals[index] = copy(all->self, name, length);
    return;
  }
  int dots = 0;
  for (const char *at = name; *at != '\0'; at++) dots += *at == '.';
  char *whole = joined(all->self, name, "");
  if (dots >= all->ndots) to[(*count)++] = whole;
  for (int i = 0; i < all->search_count && *count < MAX_CANDIDATES - 1; i++) {
    char domain[256];
    snprintf(domain, sizeof domain, "%s", all->search[i]);
    size_t end = strlen(domain);
    if (end > 0 && domain[end - 1] == '.') domain[end - 1] = '\0';
    /* A name has at most 255 bytes on the wire; the resolver leaves out what is longer, and so must we. */
    if (domain[0] != '\0' && length + strlen(domain) <= 251) to[(*count)++] = joined(all->self, name, domain);
  }
  if (dots < all->ndots) to[(*count)++] = whole;
  /* The candidate that is most likely meant: a name with a dot as it is, one without by the first search domain. */
  all->principals[index] = dots > 0 ? whole : to[0];
}

/* The resolver says "timed out" also where a local rule has dropped the query; writing to the socket tells EPERM. */
static void try_send(probe_state *all, const server *of) {
  job *self = all->self;
  struct sockaddr_storage where;
  socklen_t length;
  if (!socket_address(of->address, 53, &where, &length)) return;
  int fd = job_socket(self, where.ss_family, SOCK_DGRAM, 0), error = 0;
  if (fd < 0 || connect(fd, (struct sockaddr *)&where, length) != 0 || send(fd, "\n", 1, MSG_NOSIGNAL) < 0) error = errno;
  text_print(&self->out, "send %s %d\n", of->address, error == 0 ? 0 : 1);
  if (error != 0) text_print(&self->out, "|send: write error: %s\n", error_text(error));
  if (fd >= 0) job_close(self, fd);
}

/* Servers that answer others may only be slow: their answers are waited for a little longer. */
static void hear_late(probe_state *all) {
  for (int i = 0; i < all->late_count; i++) {
    unanswered *one = &all->late[i];
    int64_t until = one->of->answered_udp ? one->sent + LOST_US : now_us();
    for (;;) {
      uint8_t bytes[512];
      struct sockaddr_storage from;
      int64_t came = 0;
      bool over = now_us() >= until;
      ssize_t got = receive_stamped(one->fd, bytes, sizeof bytes, &from, &came);
      if (got >= 12 && (bytes[0] << 8 | bytes[1]) == one->id && (bytes[2] & 0x80) != 0) {
        tell_late(one->of, one->asked, came - one->sent);
        break;
      }
      if (over) break;
      if (got < 0) co_wait(one->fd, POLLIN, until);
    }
    job_close(all->self, one->fd);
  }
  if (all->late_said.length > 0) text_add(&all->self->out, all->late_said.data, all->late_said.length);
  text_free(&all->late_said);
}

typedef struct {
  job *self;
  text seen, said;
  bool ended;
} sniffer;

static void sniff(void *argument) {
  sniffer *one = argument;
  char *argv[] = {"tcpdump", "-Z", "root", "-nn", "-l", "-i", "any", "-c", "20", "icmp or icmp6", NULL};
  if (job_run(one->self, argv, &one->seen, &one->said) == 127) text_free(&one->said);
  one->ended = true;
}

/* Who refuses: the sender of the ICMP message. Needs NET_RAW. A Service's address hides it, a server behind it does not. */
static void find_refuser(probe_state *all) {
  job *self = all->self;
  sniffer *one = job_alloc(self, sizeof *one);
  one->self = self;
  co_start(self, sniff, one);
  for (int i = 0; i < 40 && !one->ended; i++) {
    if (one->said.data != NULL && strstr(one->said.data, "listening on") != NULL) break;
    co_sleep(50000);
  }
  question asked = {all->control, "A"};
  /* Only who sends the ICMP message is wanted. */
  text ignored = {0};
  for (int i = 0; i < all->server_count; i++)
    if (all->servers[i].refused) ask(&all->servers[i], &ignored, false, 1, 1, &asked, 1);
  text_free(&ignored);
  co_sleep(200000);
  /* Again and again: it may have waited for room in the budget, and start only now. */
  while (!one->ended) {
    job_stop_programs(self);
    co_sleep(5000);
  }
  text_print(&self->out, "icmp\n");
  for (char *line = one->seen.data; line != NULL && *line != '\0';) {
    size_t length = strcspn(line, "\n");
    text_print(&self->out, "|%.*s\n", (int)(length > 500 ? 500 : length), line);
    line += length + (line[length] == '\n');
  }
}

static void ask_again(void *argument) {
  server *of = argument;
  question asked = {of->all->control, "A"};
  ask(of, &of->said, false, 1, 3, &asked, 1);
  of->all->left--;
}

void probe_dns(job *self) {
  if (self->word_count < 1) return;
  probe_state *all = job_alloc(self, sizeof *all);
  all->self = self;
  char *addresses[MAX_SERVERS];
  int address_count = 0;
  read_resolv_conf(all, addresses, &address_count);
  const char *cluster = NULL;
  for (int i = 0; i < all->search_count && cluster == NULL; i++)
    if (strncmp(all->search[i], "svc.", 4) == 0) cluster = all->search[i] + 4;
  snprintf(all->control, sizeof all->control, "localhost.");
  if (cluster != NULL) {
    size_t length = strlen(cluster);
    bool dot = length > 0 && cluster[length - 1] == '.';
    snprintf(all->control, sizeof all->control, "kubernetes.default.svc.%s%s", cluster, dot ? "" : ".");
  }
  for (int i = 1; i < self->word_count && all->name_count < MAX_NAMES; i++)
    all->names[all->name_count++] = self->words[i];
  if (all->name_count == 0 && cluster != NULL)
    all->names[all->name_count++] = copy(self, all->control, strlen(all->control) - 1);
  text_print(&self->out, "control %s\n", all->control);
  for (int i = 0; i < all->name_count; i++) {
    add_candidates(all, i);
    text_print(&self->out, "name %s", all->names[i]);
    for (int c = 0; c < all->candidate_count[i]; c++) text_print(&self->out, " %s", all->candidates[i][c]);
    text_print(&self->out, "\n");
  }
  int endpoint_count = 0;
  for (const char *at = self->words[0]; *at != '\0'; at++) endpoint_count += *at == '/';
  all->servers = job_alloc(self, sizeof *all->servers * (size_t)(address_count + endpoint_count + 1));
  for (int i = 0; i < address_count; i++)
    all->servers[all->server_count++] = (server){
        .self = self, .all = all, .role = "server", .address = addresses[i], .udp_port = 53, .tcp_port = 53};
  char *rest = copy(self, self->words[0], strlen(self->words[0]));
  for (char *word; (word = strsep(&rest, " ")) != NULL;) {
    char *udp = strchr(word, '/'), *tcp = udp == NULL ? NULL : strchr(udp + 1, '/');
    if (tcp == NULL) continue;
    *udp++ = *tcp++ = '\0';
    all->servers[all->server_count++] = (server){
        .self = self, .all = all, .role = "endpoint", .address = word, .udp_port = atoi(udp), .tcp_port = atoi(tcp)};
  }
  all->left = all->server_count * 2 + all->name_count;
  for (int i = 0; i < all->server_count; i++) {
    co_start(self, by_udp, &all->servers[i]);
    co_start(self, by_tcp, &all->servers[i]);
  }
  lookup *lookups = job_alloc(self, sizeof *lookups * (size_t)(all->name_count + 1));
  for (int i = 0; i < all->name_count; i++) {
    lookups[i] = (lookup){all, i};
    co_start(self, by_resolver, &lookups[i]);
  }
  while (all->left > 0) co_sleep(2000);
  question asked = {all->control, "A"};
  bool any = false, any_refused = false;
  for (int i = 0; i < all->server_count; i++) any |= all->servers[i].answered_udp;
  for (int i = 0; i < address_count; i++) {
    server *of = &all->servers[i];
    if (of->answered_udp) {
      of->refused = false;
      continue;
    }
    /* Routers limit how many ICMP messages they send a second: once more, now that it is quiet. */
    if (!of->refused) ask(of, &of->said, false, 1, 1, &asked, 1);
    if (!of->refused) try_send(all, of);
    any_refused |= of->refused;
  }
  /* A server that gave no answer while others did: dead, or were its two questions lost? Some more tell. */
  for (int i = address_count; any && i < all->server_count; i++) {
    if (all->servers[i].answered_udp || all->servers[i].refused) continue;
    all->left++;
    co_start(self, ask_again, &all->servers[i]);
  }
  while (all->left > 0) co_sleep(2000);
  for (int i = address_count; i < all->server_count; i++) {
    server *of = &all->servers[i];
    if (of->answered_udp || !any_refused) of->refused = false;
    else of->refused = true;
  }
  for (int i = 0; i < all->server_count; i++) {
    server *of = &all->servers[i];
    if (of->said.length > 0) text_add(&self->out, of->said.data, of->said.length);
    if (of->said_tcp.length > 0) text_add(&self->out, of->said_tcp.data, of->said_tcp.length);
  }
  hear_late(all);
  for (int i = 0; i < all->name_count; i++)
    if (all->resolver[i].length > 0) text_add(&self->out, all->resolver[i].data, all->resolver[i].length);
  /* Last, when all else is said: it may be cut off by the time limit. */
  if (any_refused) find_refuser(all);
}
