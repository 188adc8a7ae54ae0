/*
 * A ring of records in memory without a name. Who reads it finds the process that writes by its words and opens the memory
 * by /proc/PID/fd: it takes no file, which a read-only container has no room for, and ends with its writer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

/* Ten minutes of 64 goals, or of four frozen rings of packets, which is as long as a client may be away. */
#define RING_BYTES (512u * 1024)
#define HEADER_BYTES 4096u
#define MAGIC 0x6e657477617463ull
/* Where its writer has it. */
#define STORE_FD 3
/* A reader says so often that it lives, and where the time of the far side is. */
#define BEAT_US 1000000
#define TELL_TIME_EVERY 5

/* Offsets count from the beginning of all: the place in the ring is the rest of the division. */
typedef struct {
  uint64_t magic;
  /* Up to here it is written; from here on it is still there. */
  uint64_t head, tail;
  uint64_t read_to;
  int64_t seen_us;
  uint32_t bell;
} header;

static header *store;

static uint8_t *ring(header *of) { return (uint8_t *)of + HEADER_BYTES; }

bool store_create(const char *id) {
  char name[80];
  snprintf(name, sizeof name, "nettools-watch-%s", id);
  int fd = memfd_create(name, 0);
  if (fd < 0) return false;
  if (ftruncate(fd, HEADER_BYTES + RING_BYTES) != 0) return false;
  if (fd != STORE_FD) {
    if (dup2(fd, STORE_FD) < 0) return false;
    close(fd);
  }
  void *memory = mmap(NULL, HEADER_BYTES + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, STORE_FD, 0);
  if (memory == MAP_FAILED) return false;
  store = memory;
  store->seen_us = now_us();
  store->magic = MAGIC;
  return true;
}

static void copy_in(uint64_t at, const void *bytes, size_t count) {
  size_t place = at % RING_BYTES, first = RING_BYTES - place < count ? RING_BYTES - place : count;
  memcpy(ring(store) + place, bytes, first);
  memcpy(ring(store), (const uint8_t *)bytes + first, count - first);
}

static void copy_out(header *from, uint64_t at, void *to, size_t count) {
  size_t place = at % RING_BYTES, first = RING_BYTES - place < count ? RING_BYTES - place : count;
  memcpy(to, ring(from) + place, first);
  memcpy((uint8_t *)to + first, ring(from), count - first);
}

void store_add(const char *line, const void *bytes, size_t count) {
  size_t length = strlen(line);
  uint32_t size = (uint32_t)(length + count);
  if (size + sizeof size > RING_BYTES / 2) return;
  uint64_t head = store->head, end = head + sizeof size + size, tail = store->tail;
  while (end - tail > RING_BYTES) {
    uint32_t old;
    copy_out(store, tail, &old, sizeof old);
    tail += sizeof old + old;
  }
  __atomic_store_n(&store->tail, tail, __ATOMIC_SEQ_CST);
  /* A store that follows one that releases may be seen before it: a reader would take new bytes for old ones. */
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  copy_in(head, &size, sizeof size);
  copy_in(head + sizeof size, line, length);
  if (count > 0) copy_in(head + sizeof size + length, bytes, count);
  __atomic_store_n(&store->head, end, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&store->bell, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &store->bell, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

int64_t store_seen_us(void) { return __atomic_load_n(&store->seen_us, __ATOMIC_SEQ_CST); }

bool store_is_read(void) { return __atomic_load_n(&store->read_to, __ATOMIC_SEQ_CST) >= store->head; }

/* Whether the second and third of a process's words are these. */
static bool is_writer(const char *pid, const char *id) {
  char path[300], words[256];
  snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, words, sizeof words - 1);
  close(fd);
  if (got <= 0) return false;
  words[got] = '\0';
  const char *end = words + got, *verb = words + strlen(words) + 1;
  if (verb >= end || strcmp(verb, "watch-start") != 0) return false;
  const char *name = verb + strlen(verb) + 1;
  return name < end && strcmp(name, id) == 0;
}

pid_t store_writer(const char *id) {
  DIR *folder = opendir("/proc");
  if (folder == NULL) return 0;
  pid_t found = 0;
  char path[300], link[128], wanted[128];
  snprintf(wanted, sizeof wanted, "/memfd:nettools-watch-%s ", id);
  for (const struct dirent *entry; found == 0 && (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_writer(entry->d_name, id)) continue;
    snprintf(path, sizeof path, "/proc/%s/fd/%d", entry->d_name, STORE_FD);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length <= 0) continue;
    link[length] = '\0';
    if (strncmp(link, wanted, strlen(wanted)) == 0) found = (pid_t)atoi(entry->d_name);
  }
  closedir(folder);
  return found;
}

static header *open_store(pid_t writer) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", writer, STORE_FD);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0 || about.st_size != HEADER_BYTES + RING_BYTES) return NULL;
  void *memory = mmap(NULL, HEADER_BYTES + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED || ((header *)memory)->magic != MAGIC) return NULL;
  return memory;
}

/* Prints what there is; false: nobody takes it. `last`: whether the record that ends all was among it. */
static bool print_new(header *from, uint64_t *at, bool *last) {
  static uint8_t bytes[RING_BYTES];
  uint64_t head = __atomic_load_n(&from->head, __ATOMIC_SEQ_CST);
  while (*at < head) {
    uint64_t tail = __atomic_load_n(&from->tail, __ATOMIC_SEQ_CST);
    if (*at < tail) {
      printf("#lost %llu\n", (unsigned long long)(tail - *at));
      *at = tail;
      continue;
    }
    uint32_t size;
    copy_out(from, *at, &size, sizeof size);
    bool whole = size <= sizeof bytes;
    if (whole) copy_out(from, *at + sizeof size, bytes, size);
    /* It may have been overwritten meanwhile. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&from->tail, __ATOMIC_SEQ_CST) > *at) continue;
    if (!whole) return false;
    *last |= size > 2 && bytes[0] == 'e' && bytes[1] == ' ';
    fwrite(bytes, 1, size, stdout);
    *at += sizeof size + size;
  }
  if (fflush(stdout) != 0) return false;
  __atomic_store_n(&from->read_to, *at, __ATOMIC_SEQ_CST);
  return true;
}

int store_follow(const char *id, uint64_t from) {
  pid_t writer = store_writer(id);
  header *other = writer == 0 ? NULL : open_store(writer);
  if (other == NULL) {
    puts("#gone");
    return 4;
  }
  uint64_t head = __atomic_load_n(&other->head, __ATOMIC_SEQ_CST);
  if (from > head) from = head;
  bool last = false;
  for (int64_t beats = 0, next_us = 0;; ) {
    if (now_us() >= next_us) {
      __atomic_store_n(&other->seen_us, now_us(), __ATOMIC_SEQ_CST);
      next_us = now_us() + BEAT_US;
      if (beats++ % TELL_TIME_EVERY == 0) printf("#now %lld\n", (long long)(now_us() / 1000));
      if (kill(writer, 0) != 0 && errno == ESRCH) {
        print_new(other, &from, &last);
        if (!last) puts("#gone");
        return fflush(stdout) == 0 && last ? 0 : 4;
      }
    }
    uint32_t bell = __atomic_load_n(&other->bell, __ATOMIC_SEQ_CST);
    if (!print_new(other, &from, &last)) return 1;
    if (last) return 0;
    struct timespec wait = {.tv_sec = 1};
    syscall(SYS_futex, &other->bell, FUTEX_WAIT, bell, &wait, NULL, 0);
  }
}
