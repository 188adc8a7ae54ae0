#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "cost.h"

extern char **environ;

void *must(void *pointer) {
  if (pointer == NULL) {
    static const char said[] = "nettools-error no memory left\n";
    if (write(STDOUT_FILENO, said, sizeof said - 1) < 0) _exit(71);
    _exit(71);
  }
  return pointer;
}

void text_add(text *to, const void *bytes, size_t count) {
  size_t room = MAX_OUTPUT - to->length;
  if (count > room) {
    count = room;
    to->cut = true;
  }
  if (count == 0) return;
  if (to->length + count + 1 > to->capacity) {
    size_t capacity = to->capacity ? to->capacity * 2 : 256;
    while (capacity < to->length + count + 1) capacity *= 2;
    to->data = must(realloc(to->data, capacity));
    to->capacity = capacity;
  }
  memcpy(to->data + to->length, bytes, count);
  to->length += count;
  to->data[to->length] = '\0';
}

void text_print(text *to, const char *format, ...) {
  static char line[1024];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (length < 0) return;
  if ((size_t)length >= sizeof line) {
    length = sizeof line - 1;
    line[length - 1] = '\n';
  }
  text_add(to, line, (size_t)length);
}

void text_free(text *of) {
  free(of->data);
  memset(of, 0, sizeof *of);
}

int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * Enough for printf; only what is touched is memory. A thousand probes wait at the same time, so a buffer that no wait
 * lies between is static: one on the stack costs each of them the pages that it reaches.
 */
#define STACK_BYTES (64 * 1024)
/* For the largest registers that there are (AMX: 11 KiB). */
#define SIGNAL_STACK_BYTES (64 * 1024)

typedef struct co {
  ucontext_t context;
  void *stack;
  void (*work)(void *);
  void *argument;
  job *owner;
  int fd;
  short events, happened;
  int64_t until;
  bool finished;
  struct co *next;
} co;

/* A program that runs for a job; without a job it has been given up, and is only waited for. */
typedef struct child {
  pid_t pid;
  job *owner;
  int weight, processes;
  int status;
  bool exited;
  int64_t kill_at;
  struct child *next;
} child;

typedef struct owned {
  job *owner;
  int fd;
  void *memory;
  struct owned *next;
} owned;

static co *all, *current;
static ucontext_t loop_context;
static child *children;
static owned *possessions;
static int64_t woken, woken_late;
static int signal_pipe[2] = {-1, -1};
static int budget_processes = 8, budget_mebibytes = 14;
static int running_processes, running_mebibytes;
/* Those of the phase, and when it began. */
static job *phase_jobs;
static int phase_count;
static int64_t phase_began;

int64_t woken_us(void) { return woken; }
int64_t woken_late_us(void) { return woken_late; }
int64_t phase_us(void) { return phase_began; }

/* Documentation/scheduler/sched-stats.rst */
int64_t unscheduled_us(void) {
  static int fd = -2;
  if (fd == -2) fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  char line[128];
  ssize_t got = fd < 0 ? -1 : pread(fd, line, sizeof line - 1, 0);
  if (got <= 0) return 0;
  line[got] = '\0';
  const char *second = strchr(line, ' ');
  return second == NULL ? 0 : strtoll(second, NULL, 10) / 1000;
}

void set_budget(int processes, int mebibytes) {
  budget_processes = processes < 1 ? 1 : processes;
  budget_mebibytes = mebibytes < 1 ? 1 : mebibytes;
}

static void enter(void) {
  current->work(current->argument);
  current->finished = true;
  for (;;) swapcontext(&current->context, &loop_context);
}

void co_start(job *owner, void (*work)(void *), void *argument) {
  co *one = must(calloc(1, sizeof *one));
  one->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (one->stack == MAP_FAILED) must(NULL);
  one->work = work;
  one->argument = argument;
  one->owner = owner;
  one->fd = -1;
  one->until = 0;
  getcontext(&one->context);
  one->context.uc_stack.ss_sp = one->stack;
  one->context.uc_stack.ss_size = STACK_BYTES;
  one->context.uc_link = NULL;
  makecontext(&one->context, enter, 0);
  one->next = all;
  all = one;
}

short co_wait(int fd, short events, int64_t until_us) {
  current->fd = fd;
  current->events = events;
  current->happened = 0;
  current->until = until_us;
  swapcontext(&current->context, &loop_context);
  return current->happened;
}

void co_sleep_until(int64_t us) { co_wait(-1, 0, us); }
void co_sleep(int64_t us) { co_sleep_until(now_us() + us); }

static void wait_uncharged(job *self, int64_t us) {
  int64_t asked = now_us();
  co_sleep(us);
  int64_t now = now_us();
  self->waited_us += now - (asked > self->counted_us ? asked : self->counted_us);
  self->counted_us = now;
}

static bool any_times(void) {
  for (int i = 0; i < phase_count; i++)
    if (phase_jobs[i].times && !phase_jobs[i].done) return true;
  return false;
}

static bool any_loads(void) {
  for (int i = 0; i < phase_count; i++)
    if (phase_jobs[i].loads && phase_jobs[i].started && !phase_jobs[i].done) return true;
  return false;
}

void job_times(job *self, bool times) {
  self->times = times;
  while (times && any_loads()) wait_uncharged(self, 3000);
}

void job_loads(job *self) {
  while (any_times()) wait_uncharged(self, 3000);
  self->loads = true;
}

void *job_alloc(job *owner, size_t size) {
  owned *entry = must(calloc(1, sizeof *entry));
  entry->owner = owner;
  entry->fd = -1;
  entry->memory = must(calloc(1, size));
  entry->next = possessions;
  possessions = entry;
  return entry->memory;
}

static void own_fd(job *owner, int fd) {
  owned *entry = must(calloc(1, sizeof *entry));
  entry->owner = owner;
  entry->fd = fd;
  entry->next = possessions;
  possessions = entry;
}

int job_socket(job *owner, int family, int type, int protocol) {
  int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd >= 0) own_fd(owner, fd);
  return fd;
}

void job_close(job *owner, int fd) {
  for (owned **at = &possessions; *at != NULL; at = &(*at)->next) {
    owned *entry = *at;
    if (entry->owner != owner || entry->fd != fd) continue;
    *at = entry->next;
    free(entry);
    break;
  }
  close(fd);
}

/*
 * What a program adds to its memory cgroup in MiB, the kernel's part included, measured with the image's own tools
 * and rounded up; its file pages can be reclaimed and are not counted.
 */
static int weight_of(const char *program) {
  static const struct {
    const char *name;
    int mebibytes;
  } known[] = {{"dig", 5},   {"openssl", 4}, {"curl", 4},          {"tcpdump", 3},
               {"nft", 4},   {"iperf3", 2},  {"bash", 2},   {"iptables-save", 2}, {"arping", 1},
               {"getent", 1}, {"ip", 1},      {"ss", 1},     {"tc", 1},            {"sh", 2}};
  const char *slash = strrchr(program, '/');
  const char *name = slash == NULL ? program : slash + 1;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, name) == 0) return known[i].mebibytes;
  return 2;
}

/* A shell script runs tools in pipes, and limits of time beside them. */
static int processes_of(const char *program) {
  return strcmp(program, "sh") == 0 || strcmp(program, "bash") == 0 ? 5 : 1;
}

static bool has_room(int processes, int mebibytes) {
  /* Listeners stay until the others have ended: whoever waited for them would wait in vain. */
  bool alone = true;
  for (const child *one = children; one != NULL; one = one->next)
    alone &= one->exited || (one->owner != NULL && one->owner->listens);
  if (alone) return true;
  return running_processes + processes <= budget_processes && running_mebibytes + mebibytes <= budget_mebibytes;
}

static void drain(int fd, text *into, bool *open) {
  static char bytes[16384];
  for (;;) {
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got > 0) {
      text_add(into, bytes, (size_t)got);
      if (into->cut) return;
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) *open = false;
    if (got == 0 || errno != EINTR) return;
  }
}

static void take(job *owner, int fd, text *into, bool *open) {
  drain(fd, into, open);
  if (into->cut) *open = false;
  if (!*open) job_close(owner, fd);
}

static void own_pipe(job *owner, int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) {
    ends[0] = ends[1] = -1;
    return;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  own_fd(owner, ends[0]);
  own_fd(owner, ends[1]);
}

int job_run(job *owner, char *const argv[], text *out, text *err) {
  return job_run_within(owner, argv, out, err, INT64_MAX / 2, NULL);
}

int job_run_within(job *owner, char *const argv[], text *out, text *err, int64_t limit_us, int64_t *took_us) {
  int processes = processes_of(argv[0]), mebibytes = weight_of(argv[0]);
  /* Who listens has to be there before the others, and takes no room of theirs. */
  /* Waiting for the budget is not the job's fault: its time stands still. */
  while (!owner->listens && !has_room(processes, mebibytes)) wait_uncharged(owner, 3000);
  int out_pipe[2], err_pipe[2] = {-1, -1};
  own_pipe(owner, out_pipe);
  if (err != out) own_pipe(owner, err_pipe);
  if (out_pipe[0] < 0 || (err != out && err_pipe[0] < 0)) {
    text_print(err, "%s: no descriptor left: %s\n", argv[0], error_text(errno));
    return 126;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err == out ? out_pipe[1] : err_pipe[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGCHLD);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  /* A group of its own, so that a script's tools end with it. */
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid;
  int failed = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  job_close(owner, out_pipe[1]);
  if (err != out) job_close(owner, err_pipe[1]);
  if (failed != 0) {
    job_close(owner, out_pipe[0]);
    if (err != out) job_close(owner, err_pipe[0]);
    if (failed == ENOENT) return 127;
    text_print(err, "%s: %s\n", argv[0], error_text(failed));
    return 126;
  }
  int64_t begun = now_us();
  bool late = false;
  child *one = must(calloc(1, sizeof *one));
  one->pid = pid;
  one->owner = owner;
  one->weight = mebibytes;
  one->processes = processes;
  one->next = children;
  children = one;
  running_processes += processes;
  running_mebibytes += mebibytes;
  cost_sample();
  bool out_open = true, err_open = err != out;
  for (bool exited = false; !exited;) {
    exited = one->exited;
    int fd = out_open ? out_pipe[0] : err_open ? err_pipe[0] : -1;
    /* Its other output, and its end, are looked at meanwhile. */
    if (!exited) co_wait(fd, POLLIN, now_us() + 4000);
    if (!late && now_us() - begun > limit_us) {
      late = true;
      kill(-pid, SIGTERM);
      one->kill_at = now_us() + 1000000;
    }
    /* Who writes more than is carried gets SIGPIPE. */
    if (out_open) take(owner, out_pipe[0], out, &out_open);
    if (err_open) take(owner, err_pipe[0], err, &err_open);
  }
  if (out_open) job_close(owner, out_pipe[0]);
  if (err_open) job_close(owner, err_pipe[0]);
  int status = one->status;
  one->owner = NULL;
  if (took_us != NULL) *took_us = now_us() - begun;
  if (late) return 124;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What this process has started ends with it. */
static void on_end(int number) {
  for (child *one = children; one != NULL; one = one->next)
    if (!one->exited) kill(-one->pid, SIGTERM);
  _exit(128 + number);
}

static void on_child(int number) {
  (void)number;
  int saved = errno;
  if (write(signal_pipe[1], "", 1) < 0) errno = saved;
  errno = saved;
}

static void reap(void) {
  char bytes[64];
  while (read(signal_pipe[0], bytes, sizeof bytes) > 0) continue;
  for (child **at = &children; *at != NULL;) {
    child *one = *at;
    if (!one->exited && waitpid(one->pid, &one->status, WNOHANG) == one->pid) {
      one->exited = true;
      cost_sample();
    }
    if (one->exited) {
      running_mebibytes -= one->weight;
      running_processes -= one->processes;
      one->weight = one->processes = 0;
    }
    if (!one->exited && one->kill_at != 0 && now_us() >= one->kill_at) {
      kill(-one->pid, SIGKILL);
      one->kill_at = 0;
    }
    if (one->exited && one->owner == NULL) {
      *at = one->next;
      free(one);
    } else {
      at = &one->next;
    }
  }
}

void job_stop_programs(job *owner) {
  for (child *one = children; one != NULL; one = one->next)
    if (one->owner == owner && !one->exited) kill(-one->pid, SIGTERM);
}

/* Ends what a job still has: its coroutines, programs, descriptors and memory. */
static void release(job *owner) {
  for (co *one = all; one != NULL; one = one->next)
    if (one->owner == owner) one->finished = true;
  for (child *one = children; one != NULL; one = one->next) {
    if (one->owner != owner) continue;
    if (!one->exited) {
      kill(-one->pid, SIGTERM);
      one->kill_at = now_us() + 1000000;
    }
    one->owner = NULL;
  }
  for (owned **at = &possessions; *at != NULL;) {
    owned *entry = *at;
    if (entry->owner != owner) {
      at = &entry->next;
      continue;
    }
    *at = entry->next;
    if (entry->fd >= 0) close(entry->fd);
    free(entry->memory);
    free(entry);
  }
}

static void finish(job *one, enum job_status status) {
  release(one);
  one->status = status;
  if (status == TIMED_OUT) one->code = 124;
  one->end = now_us();
  one->done = true;
}

static int64_t deadline_of(const job *one) {
  return one->start + one->waited_us + (int64_t)one->seconds * 1000000;
}

static void start_job(void *argument) {
  job *one = argument;
  one->run(one);
}

static void sweep_finished(void) {
  for (co **at = &all; *at != NULL;) {
    co *one = *at;
    if (!one->finished) {
      at = &one->next;
      continue;
    }
    *at = one->next;
    munmap(one->stack, STACK_BYTES);
    free(one);
  }
}

/* As many probes run at the same time, but for those that are sampled: each holds some KiB of stack and a socket or two. */
#define MOST_JOBS 192

/* As long as this a leader has what it sends on its way; an answer may take longer, and is waited for by it alone. */
#define LEAD_US 100000

static bool may_start(const job *one, bool timing, bool led) {
  return !one->started && !one->done && !(one->loads && timing) && (!led || one->leads || one->listens);
}

/* Starts what may run now. A job's time counts from here: what waits for the budget is not late. */
static void admit(job *jobs, int count) {
  bool timing = any_times(), led = false;
  int room = MOST_JOBS;
  for (int i = 0; i < count; i++) {
    led |= jobs[i].leads && !jobs[i].done && !(jobs[i].started && now_us() - jobs[i].start >= LEAD_US);
    if (jobs[i].started && !jobs[i].done && !jobs[i].sampled) room--;
  }
  int end = 0;
  for (; end < count && room > 0; end++)
    if (may_start(&jobs[end], timing, led) && !jobs[end].sampled) room--;
  /* Backwards: the coroutine that is started last has the first turn. */
  for (int i = count - 1; i >= 0; i--) {
    job *one = &jobs[i];
    if (!may_start(one, timing, led) || (i >= end && !one->sampled)) continue;
    one->started = true;
    one->start = now_us();
    co_start(one, start_job, one);
  }
}

static void poll_once(struct pollfd **list, size_t *size, int64_t until) {
  size_t count = 0;
  for (co *one = all; one != NULL; one = one->next) count++;
  if (count + 1 > *size) {
    *size = (count + 1) * 2;
    *list = must(realloc(*list, *size * sizeof **list));
  }
  struct pollfd *polled = *list;
  polled[0] = (struct pollfd){.fd = signal_pipe[0], .events = POLLIN};
  size_t used = 1;
  for (co *one = all; one != NULL; one = one->next) {
    /* poll() fails where it is given more entries than descriptors may be open. */
    if (one->fd >= 0) polled[used++] = (struct pollfd){.fd = one->fd, .events = one->events};
    if (one->until < until) until = one->until;
  }
  int64_t left = until - now_us();
  struct timespec wait = {.tv_sec = left < 0 ? 0 : left / 1000000, .tv_nsec = left < 0 ? 0 : left % 1000000 * 1000};
  ppoll(polled, used, &wait, NULL);
  woken = now_us();
  static int64_t unscheduled;
  int64_t so_far = unscheduled_us();
  woken_late = so_far - unscheduled;
  unscheduled = so_far;
  size_t at = 1;
  for (co *one = all; one != NULL; one = one->next) one->happened = one->fd < 0 ? 0 : polled[at++].revents;
}

/* Those that only listen to the others are not waited for. */
static bool only_listeners(const job *jobs, int count) {
  for (int i = 0; i < count; i++)
    if (!jobs[i].done && !jobs[i].listens) return false;
  return true;
}

static void stop_listeners(const job *jobs, int count) {
  for (child *one = children; one != NULL; one = one->next) {
    bool is_theirs = one->owner >= jobs && one->owner < jobs + count && one->owner->listens;
    if (!is_theirs || one->exited || one->kill_at != 0) continue;
    kill(-one->pid, SIGTERM);
    one->kill_at = now_us() + 1000000;
  }
}

/* On a stack of their own: the registers that the kernel saves there take a page or more of whichever probe is running. */
static void handle_signals(void) {
  static char stack[SIGNAL_STACK_BYTES];
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&own, NULL);
  struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP | SA_ONSTACK};
  sigaction(SIGCHLD, &action, NULL);
  struct sigaction end = {.sa_handler = on_end, .sa_flags = SA_ONSTACK};
  sigaction(SIGTERM, &end, NULL);
  sigaction(SIGHUP, &end, NULL);
  sigaction(SIGINT, &end, NULL);
}

void run_jobs(job *jobs, int count, void (*on_done)(job *)) {
  if (signal_pipe[0] < 0) {
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) must(NULL);
    handle_signals();
  }
  struct pollfd *list = NULL;
  size_t size = 0;
  phase_jobs = jobs;
  phase_count = count;
  phase_began = now_us();
  for (;;) {
    admit(jobs, count);
    int left = 0;
    int64_t until = now_us() + LEAD_US;
    for (int i = 0; i < count; i++) {
      if (jobs[i].done) continue;
      left++;
      int64_t deadline = deadline_of(&jobs[i]);
      if (jobs[i].started && deadline < until) until = deadline;
    }
    if (left == 0) break;
    if (only_listeners(jobs, count)) stop_listeners(jobs, count);
    poll_once(&list, &size, until);
    reap();
    /* Coroutines that are started meanwhile come to the front of the list: their turn is the next round. */
    for (co *one = all, *next; one != NULL; one = next) {
      next = one->next;
      if (one->finished || (one->happened == 0 && one->until > woken)) continue;
      current = one;
      swapcontext(&loop_context, &one->context);
      current = NULL;
    }
    for (int i = 0; i < count; i++) jobs[i].alive = false;
    for (co *c = all; c != NULL; c = c->next)
      if (!c->finished) c->owner->alive = true;
    for (int i = 0; i < count; i++) {
      job *one = &jobs[i];
      if (!one->started || one->done) continue;
      bool alive = one->alive;
      bool late = now_us() >= deadline_of(one);
      if (alive && !late) continue;
      finish(one, alive ? TIMED_OUT : one->status);
      on_done(one);
    }
    sweep_finished();
    cost_tick();
  }
  free(list);
  /* What was told to end may take a moment; it must not run into the next phase. */
  while (children != NULL) {
    struct pollfd one = {.fd = signal_pipe[0], .events = POLLIN};
    poll(&one, 1, 50);
    reap();
  }
}

/* glibc's words, which the tools of the image use too; errno of Linux. */
const char *error_text(int number) { return strerror(number); }
