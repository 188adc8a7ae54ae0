/*
 * What every probe stands on: text buffers, coroutines on one poll loop, child processes under a budget, and jobs.
 *
 * One process probes many destinations at once. Each probe is a coroutine, so that it reads like the shell script of
 * the same name, waits in co_wait() or co_sleep(), and costs some kilobytes instead of several processes.
 */
#ifndef CORE_H
#define CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Text that grows up to a limit; what is longer is cut and marked. */
typedef struct {
  char *data;
  size_t length, capacity;
  bool cut;
} text;

/* The runner carries no more of one output (src/probes/plan.ts, MAX_OUTPUT). */
#define MAX_OUTPUT 1048576u

void text_add(text *to, const void *bytes, size_t count);
void text_print(text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(text *of);

/* Ends the program: nothing useful can be done without memory. */
void *must(void *pointer);

typedef struct job job;
typedef void (*probe)(job *self);

/* How a job came to its end; the words are those of the runner's protocol. */
enum job_status { EXITED, TIMED_OUT, MISSING, UNKNOWN_PLACEHOLDER };

/* One command of the plan. */
struct job {
  char *id;
  int seconds;
  int argc;
  char **argv;
  /* The words after the name of a built-in probe. */
  char **words;
  int word_count;
  probe run;
  /* Its results are times: nothing that loads the target runs beside it. A probe changes it by job_times(). */
  bool times;
  /* It loads the target: it waits for those that time. A probe whose beginning does not load says so by job_loads(). */
  bool loads;
  /* The others of its phase wait for a moment, so that what it sends is there before what they send. */
  bool leads;
  /* The sockets of these are looked at while all of them are open: they start together, however many they are. */
  bool sampled;
  /* It is ended, with a TERM to its programs, once all others have ended. */
  bool listens;
  bool started, done, printed, alive;
  enum job_status status;
  int code;
  text out, err;
  /* In microseconds since boot. */
  int64_t start, end;
  /* Of it, for room in the budget. */
  int64_t waited_us;
  /* Up to here its waiting has been counted: several of its coroutines may wait at the same time. */
  int64_t counted_us;
};

/* Microseconds since boot, as /proc/uptime counts. */
int64_t now_us(void);
/* When the last poll() returned: an event of that moment is not charged for what was handled before it. */
int64_t woken_us(void);
/* Microseconds that this process was ready to run and had no CPU: in all, and since the last but one poll() returned. */
int64_t unscheduled_us(void);
int64_t woken_late_us(void);

/* Waits for events on a descriptor, at most until a moment: the events, or 0 when the time is up. fd -1: only waits. */
short co_wait(int fd, short events, int64_t until_us);
void co_sleep(int64_t us);
/* Sleeps until a moment. */
void co_sleep_until(int64_t us);

/* Starts a coroutine that belongs to a job and ends with it. */
void co_start(job *owner, void (*work)(void *), void *argument);

/*
 * Whether a job times something from now on. One that is met by silence does not, and what loads the target need not wait
 * for its end; before it times again, it waits for those that load. That wait is not charged.
 */
void job_times(job *self, bool times);
/* Waits for those that time, which is not charged, and keeps them from starting anew. */
void job_loads(job *self);
/* When the phase began. */
int64_t phase_us(void);

/* A descriptor that is closed when its job ends, however it ends. */
int job_socket(job *owner, int family, int type, int protocol);
void job_close(job *owner, int fd);

/* Memory that is freed with its job. */
void *job_alloc(job *owner, size_t size);

/*
 * Runs a program in a process of its own, once the budget has room for it, and returns its exit code, 128 + N when a
 * signal ended it, 127 when there is no such program. Both outputs may go to the same text.
 */
int job_run(job *owner, char *const argv[], text *out, text *err);

/* The same, ended after a while with the code 124, as timeout(1) does; the time that it took starts when it does. */
int job_run_within(job *owner, char *const argv[], text *out, text *err, int64_t limit_us, int64_t *took_us);
/* Tells the programs of a job to end. */
void job_stop_programs(job *owner);

/* Processes and MiB that children may take at the same time. */
void set_budget(int processes, int mebibytes);

/* Runs jobs at the same time until all have ended; each is told of when it has. */
void run_jobs(job *jobs, int count, void (*on_done)(job *));

/* What the C library would call an error, on every system alike. */
const char *error_text(int number);

#endif
