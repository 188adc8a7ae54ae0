/* The error queue of a socket: ICMP errors of the kernel, as recverr in ip(7) gives them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
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

bool connects_queue_errors(void) {
  struct utsname kernel;
  int major = 0, minor = 0;
  if (uname(&kernel) < 0 || sscanf(kernel.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 9);
}

int queued_error(int fd) {
  icmp_error queued;
  return queued_icmp(fd, &queued) ? queued.error : 0;
}

bool queued_icmp(int fd, icmp_error *to) {
  *to = (icmp_error){0};
  char control[512], byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    bool four = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    bool six = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if (!four && !six) continue;
    const struct sock_extended_err *told = (const struct sock_extended_err *)CMSG_DATA(c);
    to->error = (int)told->ee_errno;
    to->type = told->ee_type;
    to->code = told->ee_code;
    if (told->ee_origin != (four ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6)) return true;
    const struct sockaddr *from = SO_EE_OFFENDER(told);
    const void *address = four ? (const void *)&((const struct sockaddr_in *)from)->sin_addr
                               : (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr;
    if (from->sa_family == (four ? AF_INET : AF_INET6)) inet_ntop(from->sa_family, address, to->sender, sizeof to->sender);
    return true;
  }
  return false;
}
