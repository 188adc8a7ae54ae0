/* When a datagram came, by the kernel: this process may have had no processor then, and read it much later. */
#include <sys/socket.h>
#include <time.h>

#include "probes.h"

void stamp_arrivals(int fd) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

ssize_t receive_stamped(int fd, void *to, size_t size, struct sockaddr_storage *from, int64_t *at_us) {
  char control[CMSG_SPACE(sizeof(struct timespec))];
  struct iovec part = {.iov_base = to, .iov_len = size};
  struct msghdr message = {.msg_name = from,
                           .msg_namelen = sizeof *from,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
  int64_t now = now_us();
  *at_us = now;
  if (got < 0) return got;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    const struct timespec *stamp = (const struct timespec *)CMSG_DATA(c);
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    /* Of two clocks, one of which may be set meanwhile. */
    int64_t ago = (int64_t)(clock.tv_sec - stamp->tv_sec) * 1000000 + (clock.tv_nsec - stamp->tv_nsec) / 1000;
    if (ago > 0 && ago < 60000000) *at_us = now - ago;
  }
  return got;
}
