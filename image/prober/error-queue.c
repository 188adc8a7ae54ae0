/* The error queue of a socket: ICMP errors of the kernel, as recverr in ip(7) gives them. */
#include <netinet/in.h>
#include <sys/socket.h>
/* After struct timespec. */
#include <linux/errqueue.h>

#include "probes.h"

void queue_errors(int fd, bool on) {
  int family = AF_INET, value = on;
  socklen_t size = sizeof family;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  bool six = family == AF_INET6;
  setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVERR : IP_RECVERR, &value, sizeof value);
}

int queued_error(int fd) {
  char control[512], byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
    if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
      return (int)((const struct sock_extended_err *)CMSG_DATA(c))->ee_errno;
  return 0;
}
