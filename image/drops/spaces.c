/* The network namespaces of a machine: of its processes, and of the files that are mounted for those without any. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "spaces.h"

unsigned int space_at(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ? (unsigned int)status.st_ino : 0;
}

/* 0: there is none. The name, which stands before it in parentheses, may hold anything (proc_pid_stat(5)). */
static int parent_of(int process)
{
  char path[32], line[512];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = '\0';
  char *end = strrchr(line, ')');
  int parent = 0;
  return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

unsigned int outer_space(void)
{
  unsigned int own = space_at("/proc/self/ns/net");
  for (int process = getpid(); process > 1;) {
    char path[32];
    process = parent_of(process);
    snprintf(path, sizeof path, "/proc/%d/ns/net", process);
    unsigned int space = process > 0 ? space_at(path) : 0;
    if (space != 0 && space != own) return space;
  }
  return 0;
}

void each_space(void (*found)(unsigned int space, void *context), void *context)
{
  DIR *processes = opendir("/proc");
  if (processes) {
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
      char path[sizeof entry->d_name + 16];
      if (!isdigit((unsigned char)entry->d_name[0])) continue;
      snprintf(path, sizeof path, "/proc/%s/ns/net", entry->d_name);
      unsigned int space = space_at(path);
      if (space) found(space, context);
    }
    closedir(processes);
  }
  FILE *mounts = fopen("/proc/1/mountinfo", "re");
  if (!mounts) return;
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, mounts) > 0) {
    /* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT …, and the root of such a file is "net:[INODE]" (proc_pid_mountinfo(5)). */
    unsigned int space;
    if (sscanf(line, "%*s %*s %*s net:[%u]", &space) == 1) found(space, context);
  }
  free(line);
  fclose(mounts);
}
