/*
 * Runs a plan of commands and frames their results on stdout, as src/probes/runner.sh does where this program is not.
 * It reads the same plan and prints the same frames; the probes that it knows run in this one process.
 *
 * stdin: the plan
 *   runner LINES                 then the lines of runner.sh, which are for others
 *   budget PROCESSES MEBIBYTES   what its programs may take at the same time
 *   script NAME LINES            then the script's lines; a word %script:NAME% of a command stands for them
 *   var NAME                     fill in a placeholder, once, before the commands
 *   cmd ID SECONDS NARGS         then NARGS words, each "LINES" and that many lines
 *   listen ID SECONDS NARGS      the same for a command that listens until the others of its phase have ended
 *   lead ID SECONDS NARGS        the same for a command that sends something before the others of its phase do
 *   wait                         end of a phase: its commands have run at the same time
 *   end
 * stdout, for each command, lengths in bytes, times in centiseconds of uptime:
 *   nettools-result ID STATUS CODE START END OUTLEN ERRLEN TRUNCATED\n OUT ERR \n
 * and between them: nettools-var NAME VALUE, nettools-phase, nettools-cost, and last nettools-done.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cost.h"
#include "probes.h"
#include "watch.h"

/* Results are held to the end of their phase, so that no slow reader delays a probe; large ones would be too much. */
#define HELD_BYTES (64u * 1024)

static struct script {
  char *name, *body;
  struct script *next;
} *scripts;

static const struct {
  const char *name;
  probe run;
  /* From this many repetitions on (the word of that number) its results are judged as times. */
  int repeats_at, repeats;
} built_in[] = {
    {"reach", probe_reach, 0, 0},         {"tcp-connect", probe_connect, 2, 20},
    {"sweep", probe_sweep, 0, 0},         {"ping", probe_ping, 1, 20},
    {"path-mtu", probe_path_mtu, 0, 0},   {"next-hop", probe_next_hop, 0, 0},
    {"dns", probe_dns, 0, 0},             {"duplicates", probe_duplicates, 0, 0},
};

/* Without its line end; NULL at the end of the plan. */
static char *read_line(void) {
  static char *line;
  static size_t size;
  ssize_t got = getline(&line, &size, stdin);
  if (got < 0) return NULL;
  if (got > 0 && line[got - 1] == '\n') line[got - 1] = '\0';
  return line;
}

static char *read_lines(long count) {
  text body = {0};
  for (long i = 0; i < count; i++) {
    char *line = read_line();
    if (line == NULL) exit(0);
    if (i > 0) text_add(&body, "\n", 1);
    text_add(&body, line, strlen(line));
  }
  if (body.data == NULL) return must(strdup(""));
  /* A plan for a thousand destinations has forty thousand words, most of them a few letters long. */
  return must(realloc(body.data, body.length + 1));
}

/* The body of a script that was sent; NULL: the word is none. */
static const char *script_of(const char *word, const char **name) {
  static const char prefix[] = "%script:";
  size_t length = strlen(word);
  if (strncmp(word, prefix, sizeof prefix - 1) != 0 || word[length - 1] != '%') return NULL;
  for (struct script *one = scripts; one != NULL; one = one->next) {
    size_t own = strlen(one->name);
    if (own != length - sizeof prefix || strncmp(word + sizeof prefix - 1, one->name, own) != 0) continue;
    *name = one->name;
    return one->body;
  }
  return NULL;
}

/* The first "via", also where several next hops or another family stand there. */
static void first_via(const char *command, char *to, size_t size) {
  FILE *routes = popen(command, "re");
  if (routes == NULL) {
    /* No answer is not the answer that there is none. Which limit it is, popen() does not tell. */
    printf("nettools-error ip cannot be started: a limit of processes (pids) or of memory is reached\n");
    fflush(stdout);
    exit(0);
  }
  char word[128];
  while (to[0] == '\0' && fscanf(routes, "%127s", word) == 1) {
    if (strcmp(word, "via") != 0 || fscanf(routes, "%127s", word) != 1) continue;
    if (strcmp(word, "inet6") == 0) continue;
    snprintf(to, size, "%s", word);
  }
  /* fe80::/10 is only unique on its link: the interface belongs to it. */
  if (strncasecmp(to, "fe", 2) == 0 && to[2] != '\0' && strchr("89abAB", to[2]) != NULL) {
    while (fscanf(routes, "%127s", word) == 1 && strcmp(word, "dev") != 0) continue;
    size_t length = strlen(to);
    if (fscanf(routes, "%127s", word) == 1) snprintf(to + length, size - length, "%%%s", word);
  }
  pclose(routes);
}

/* The default gateway, of IPv6 where there is none of IPv4. */
static void find_gateway(char *to, size_t size) {
  first_via("ip -4 route show default 2>/dev/null", to, size);
  if (to[0] == '\0') first_via("ip -6 route show default 2>/dev/null", to, size);
}

static void find_dns(char *to, size_t size) {
  FILE *file = fopen("/etc/resolv.conf", "re");
  if (file == NULL) return;
  char line[1024], value[256];
  while (to[0] == '\0' && fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, " nameserver %255s", value) == 1) snprintf(to, size, "%s", value);
  fclose(file);
}

static char placeholders[4][256];
static const char *const placeholder_names[] = {"gateway", "dns", "apiserver", "apiserver-port"};

static void look_up(const char *name) {
  for (int i = 0; i < 4; i++) {
    if (strcmp(name, placeholder_names[i]) != 0) continue;
    char *value = placeholders[i];
    const char *variable = getenv(i == 2 ? "KUBERNETES_SERVICE_HOST" : "KUBERNETES_SERVICE_PORT");
    if (i == 0) find_gateway(value, sizeof placeholders[i]);
    else if (i == 1) find_dns(value, sizeof placeholders[i]);
    else snprintf(value, sizeof placeholders[i], "%s", variable == NULL ? "" : variable);
    /* A frame is a line of words. */
    value[strcspn(value, " \t\r\n")] = '\0';
    printf("nettools-var %s %s\n", name, value);
  }
}

/* NULL: the word is not a placeholder; empty: it stands for nothing here. */
static const char *placeholder(const char *word) {
  size_t length = strlen(word);
  if (length < 3 || word[0] != '%' || word[length - 1] != '%') return NULL;
  for (int i = 0; i < 4; i++) {
    if (strlen(placeholder_names[i]) == length - 2 && strncmp(word + 1, placeholder_names[i], length - 2) == 0)
      return placeholders[i];
  }
  return NULL;
}

/* Which probe a command is, by its words; a script that is not built in, and any program, is a process of its own. */
static void choose(job *one, const char *script) {
  static const char *const heavy[] = {"tls", "tcp-transfer"};
  char **argv = one->argv;
  one->run = probe_program;
  if (script == NULL && strcmp(argv[0], "cat") == 0) one->run = probe_cat;
  if (script == NULL && strcmp(argv[0], "sleep") == 0 && one->argc == 2) one->run = probe_sleep;
  if (script == NULL && strcmp(argv[0], "curl") == 0) one->loads = true;
  if (script == NULL && one->argc > 5 && strcmp(argv[3], "nettools-sample") == 0) one->run = probe_sample;
  one->sampled = one->samples = one->run == probe_sample;
  if (script == NULL || one->argc < 4) return;
  one->words = argv + 4;
  one->word_count = one->argc - 4;
  for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
    if (strcmp(argv[3], built_in[i].name) != 0) continue;
    one->run = built_in[i].run;
    one->sampled = one->run == probe_reach;
    one->loads_later = one->run == probe_path_mtu;
    if (built_in[i].repeats > 0 && one->word_count > built_in[i].repeats_at)
      one->times = atoi(one->words[built_in[i].repeats_at]) >= built_in[i].repeats;
  }
  for (size_t i = 0; i < sizeof heavy / sizeof *heavy; i++)
    if (strcmp(argv[3], heavy[i]) == 0) one->loads = true;
}

static void read_command(job *one, const char *id, int seconds, int count, const char *verb) {
  memset(one, 0, sizeof *one);
  one->listens = strcmp(verb, "listen") == 0;
  one->leads = strcmp(verb, "lead") == 0;
  one->id = must(strdup(id));
  one->seconds = seconds;
  one->argc = count;
  one->argv = must(calloc((size_t)count + 1, sizeof *one->argv));
  const char *script = NULL;
  for (int i = 0; i < count; i++) {
    char *lines = read_line();
    if (lines == NULL) exit(0);
    char *word = read_lines(strtol(lines, NULL, 10));
    const char *name = NULL, *value = placeholder(word), *body = value == NULL ? script_of(word, &name) : NULL;
    if (value != NULL && *value == '\0') one->status = UNKNOWN_PLACEHOLDER;
    if (body != NULL) script = body;
    if (value != NULL || body != NULL) {
      free(word);
      /* All commands share a script: a copy of it for each of thousands would be most of the memory. */
      word = value != NULL ? must(strdup(value)) : (char *)body;
    }
    one->argv[i] = word;
  }
  if (count == 0) one->status = MISSING;
  if (one->status != EXITED) {
    one->done = true;
    return;
  }
  choose(one, script);
}

static void print_result(job *one) {
  static const char *const words[] = {"exited", "timeout", "missing", "unknown-placeholder"};
  printf("nettools-result %s %s %d %lld %lld %zu %zu %d\n", one->id, words[one->status], one->code,
         (long long)(one->start / 10000), (long long)(one->end / 10000), one->out.length, one->err.length,
         one->out.cut || one->err.cut);
  if (one->out.length > 0) fwrite(one->out.data, 1, one->out.length, stdout);
  if (one->err.length > 0) fwrite(one->err.data, 1, one->err.length, stdout);
  putchar('\n');
}

static void print_large(job *one) {
  if (one->out.length + one->err.length < HELD_BYTES) return;
  print_result(one);
  fflush(stdout);
  one->printed = true;
  text_free(&one->out);
  text_free(&one->err);
}

static bool is_script(const char *word) {
  for (struct script *one = scripts; one != NULL; one = one->next)
    if (one->body == word) return true;
  return false;
}

static void free_job(job *one) {
  text_free(&one->out);
  text_free(&one->err);
  for (int i = 0; i < one->argc; i++)
    if (!is_script(one->argv[i])) free(one->argv[i]);
  free(one->argv);
  free(one->id);
}

static void run_phase(job *jobs, int count) {
  run_jobs(jobs, count, print_large);
  forget_routes();
  for (int i = 0; i < count; i++) {
    if (!jobs[i].printed) print_result(&jobs[i]);
    free_job(&jobs[i]);
  }
  puts("nettools-phase");
  /* Nobody reads on: the rest would load the target for nothing. */
  if (fflush(stdout) != 0) exit(1);
}

int main(int argc, char **argv) {
  if (argc > 1 && strncmp(argv[1], "watch-", 6) == 0) return watch_main(argc, argv);
  /* What a probe cannot send must end that probe alone. */
  signal(SIGPIPE, SIG_IGN);
  /* No dump of memory, whatever ends. */
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  /* A sweep has 250 connections at the same time, and there is one for each Service; containers often start with 1024. */
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    rlim_t wanted = files.rlim_max < 65536 ? files.rlim_max : 65536;
    if (files.rlim_cur < wanted) files.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  setenv("LC_ALL", "C", 1);
  cost_start();
  job *jobs = NULL;
  int count = 0, capacity = 0;
  for (char *line; (line = read_line()) != NULL;) {
    char verb[8] = "", name[256] = "";
    long first = 0, second = 0;
    if (strcmp(line, "end") == 0) {
      cost_print();
      puts("nettools-done");
      return 0;
    }
    if (strcmp(line, "wait") == 0) {
      run_phase(jobs, count);
      count = 0;
    } else if (sscanf(line, "budget %ld %ld", &first, &second) == 2) {
      set_budget((int)first, (int)second);
    } else if (sscanf(line, "runner %ld", &first) == 1) {
      while (first-- > 0 && read_line() != NULL) continue;
    } else if (sscanf(line, "var %255s", name) == 1) {
      look_up(name);
    } else if (sscanf(line, "script %255s %ld", name, &first) == 2) {
      struct script *one = must(calloc(1, sizeof *one));
      one->name = must(strdup(name));
      one->body = read_lines(first);
      one->next = scripts;
      scripts = one;
    } else if (sscanf(line, "%7s %255s %ld %ld", verb, name, &first, &second) == 4 &&
               (strcmp(verb, "cmd") == 0 || strcmp(verb, "listen") == 0 || strcmp(verb, "lead") == 0)) {
      if (count == capacity) {
        capacity = capacity == 0 ? 64 : capacity * 2;
        jobs = must(realloc(jobs, (size_t)capacity * sizeof *jobs));
      }
      read_command(&jobs[count++], name, (int)first, (int)second, verb);
    }
  }
  /* The plan was cut: whoever sent it is gone. */
  return 0;
}
