/* Everything that is not a probe of its own: programs and scripts as they are, and what needs no process at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes.h"

void probe_program(job *self) {
  self->code = job_run(self, self->argv, &self->out, &self->err);
  if (self->code == 127 && self->out.length == 0 && self->err.length == 0) self->status = MISSING;
}

/* sh -c 'sleep "$1"; shift; exec "$@"' NAME SECONDS PROGRAM...: the pause takes no process. */
void probe_sample(job *self) {
  co_sleep((int64_t)(atof(self->argv[4]) * 1e6));
  self->code = job_run(self, self->argv + 5, &self->out, &self->err);
  if (self->code == 127 && self->out.length == 0 && self->err.length == 0) {
    text_print(&self->err, "%s: not found\n", self->argv[5]);
  }
}

void probe_sleep(job *self) { co_sleep((int64_t)(atof(self->argv[1]) * 1e6)); }

/* Files of the kernel, mostly. */
void probe_cat(job *self) {
  static char bytes[65536];
  for (int i = 1; i < self->argc; i++) {
    int fd = open(self->argv[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = -1;
    if (fd >= 0)
      while ((got = read(fd, bytes, sizeof bytes)) > 0 && !self->out.cut) text_add(&self->out, bytes, (size_t)got);
    if (fd < 0 || got < 0) {
      text_print(&self->err, "cat: %s: %s\n", self->argv[i], error_text(errno));
      self->code = 1;
    }
    if (fd >= 0) close(fd);
  }
  if (self->out.cut) self->code = 153;
}
