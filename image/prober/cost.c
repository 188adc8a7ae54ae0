#include "cost.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"

#define SAMPLE_US 8000
#define TICK_US 50000

static int memory_fd = -1, stat_fd = -1, pids_fd = -1, cpu_fd = -1;
static bool version2, own_processes;
static int64_t peak_memory = -1, peak_processes = -1, first_cpu = -1, last_us;

/* The path of a controller's group out of /proc/self/cgroup: "4:memory:/PATH", or for version 2 "0::/PATH". */
static void group_path(const char *controller, char *path, size_t size) {
  path[0] = '\0';
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return;
  char line[1024];
  while (fgets(line, sizeof line, file) != NULL) {
    char *names = strchr(line, ':');
    char *where = names == NULL ? NULL : strchr(names + 1, ':');
    if (where == NULL) continue;
    *where++ = '\0';
    names++;
    where[strcspn(where, "\n")] = '\0';
    bool found = controller == NULL && *names == '\0';
    for (char *rest = names, *name; controller != NULL && (name = strsep(&rest, ",")) != NULL;)
      found |= strcmp(name, controller) == 0;
    if (!found) continue;
    snprintf(path, size, "%s", where);
    break;
  }
  fclose(file);
}

/* A container sees its own group at the root of the mount, a process of the host below it. */
static int open_counter(const char *mount, const char *group, const char *name) {
  char path[2048];
  snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", mount, group, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", mount, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static ssize_t read_counter(int fd, char *into, size_t size) {
  if (fd < 0) return -1;
  ssize_t got = pread(fd, into, size - 1, 0);
  if (got >= 0) into[got] = '\0';
  return got;
}

static int64_t number_of(int fd) {
  char line[64];
  return read_counter(fd, line, sizeof line) > 0 ? strtoll(line, NULL, 10) : -1;
}

/* A line "KEY NUMBER" of a file; 0 without one. */
static int64_t field(const char *lines, const char *key) {
  size_t length = strlen(key);
  for (const char *line = lines; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, length) == 0 && line[length] == ' ') return strtoll(line + length, NULL, 10);
  }
  return 0;
}

static int64_t cpu_us(void) {
  char lines[1024];
  if (!version2) {
    int64_t ns = number_of(cpu_fd);
    return ns < 0 ? -1 : ns / 1000;
  }
  return read_counter(cpu_fd, lines, sizeof lines) > 0 ? field(lines, "usage_usec") : -1;
}


static void first_line(const char *path, char *to, size_t size) {
  to[0] = '\0';
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  if (fgets(to, (int)size, file) == NULL) to[0] = '\0';
  fclose(file);
}

void cost_start(void) {
  char group[1024];
  version2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
  if (version2) {
    group_path(NULL, group, sizeof group);
    memory_fd = open_counter("", group, "memory.current");
    stat_fd = open_counter("", group, "memory.stat");
    pids_fd = open_counter("", group, "pids.current");
    cpu_fd = open_counter("", group, "cpu.stat");
  } else {
    group_path("memory", group, sizeof group);
    memory_fd = open_counter("/memory", group, "memory.usage_in_bytes");
    stat_fd = open_counter("/memory", group, "memory.stat");
    group_path("pids", group, sizeof group);
    pids_fd = open_counter("/pids", group, "pids.current");
    group_path("cpuacct", group, sizeof group);
    cpu_fd = open_counter("/cpuacct", group, "cpuacct.usage");
  }
  first_cpu = cpu_us();
  char own[1024], first[1024];
  first_line("/proc/self/cgroup", own, sizeof own);
  first_line("/proc/1/cgroup", first, sizeof first);
  own_processes = own[0] != '\0' && strcmp(own, first) == 0;
  cost_sample();
}

/* What the kernel can take back at any time, the pages of files, kills nobody. */
static int64_t held_memory(void) {
  static char lines[8192];
  int64_t used = number_of(memory_fd);
  if (used < 0 || read_counter(stat_fd, lines, sizeof lines) <= 0) return -1;
  int64_t files = field(lines, "inactive_file") + field(lines, "active_file");
  return used > files ? used - files : 0;
}

/* Whether a process is one of the tool's that lives: neither the runtime's own, before it becomes one, nor ended. */
static bool is_ours(const char *pid) {
  char path[300], stat[256];
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  first_line(path, stat, sizeof stat);
  const char *end = strrchr(stat, ')');
  return end != NULL && strstr(stat, "(runc") == NULL && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

/*
 * Processes: those that are seen, where the process namespace is the container's own. Elsewhere the group's counter, which
 * also has the threads that the runtime starts a process with.
 */
static int64_t living(void) {
  if (!own_processes) return number_of(pids_fd);
  DIR *folder = opendir("/proc");
  if (folder == NULL) return -1;
  int64_t count = 0;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') count += is_ours(entry->d_name);
  closedir(folder);
  return count;
}


void cost_sample(void) {
  int64_t now = now_us();
  if (now - last_us < SAMPLE_US) return;
  last_us = now;
  int64_t memory = held_memory(), processes = living();
  if (memory > peak_memory) peak_memory = memory;
  if (processes > peak_processes) peak_processes = processes;
}

void cost_tick(void) {
  if (now_us() - last_us >= TICK_US) cost_sample();
}

static void print_number(int64_t number) {
  if (number < 0) fputs(" -", stdout);
  else printf(" %lld", (long long)number);
}

void cost_print(void) {
  last_us = 0;
  cost_sample();
  int64_t cpu = cpu_us();
  fputs("nettools-cost", stdout);
  print_number(peak_memory);
  print_number(peak_processes);
  print_number(cpu < 0 || first_cpu < 0 ? -1 : cpu - first_cpu);
  fputs("\n", stdout);
}
