/* The built-in probes; each prints what the script of that name in src/probes prints, and says there how to read it. */
#ifndef PROBES_H
#define PROBES_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "core.h"

void probe_cat(job *self);
void probe_sleep(job *self);
void probe_sample(job *self);
void probe_program(job *self);
void probe_reach(job *self);
void probe_connect(job *self);
void probe_sweep(job *self);
void probe_ping(job *self);
void probe_path_mtu(job *self);
void probe_next_hop(job *self);
void probe_dns(job *self);
void probe_duplicates(job *self);

/* The next of the words of some output, of which the text is cut up; NULL: there is no other. */
char *next_word(char **rest);

/*
 * Asks by ARP who has an IPv4 address on a device's link, and prints what iputils' arping says of it. Twice, a tenth of a
 * second apart, and once more after a second of silence; of `whoever_else` than the target itself, without the third time.
 * False: this process may not, and nothing was printed.
 */
bool arp_ask(job *self, const char *device, const char *address, bool whoever_else, text *out);

/* An address and a port for connect(); false: it is not an address. */
bool socket_address(const char *address, int port, struct sockaddr_storage *to, socklen_t *length);

/* From now on the kernel notes when a datagram of a socket comes. */
void stamp_arrivals(int fd);
/* Receives one without waiting, as recvfrom() does. `at_us`: when it came, in microseconds since boot; now, where nobody has noted it. */
ssize_t receive_stamped(int fd, void *to, size_t size, struct sockaddr_storage *from, int64_t *at_us);

/* Whether ICMP errors for what a socket sends are queued, and wake who waits for it. */
void queue_errors(int fd, bool on);

/* An ICMP error for what a socket has sent. error: what it means as an errno; 0: there is none. sender: "" where nobody says. */
typedef struct {
  int error, type, code;
  char sender[INET6_ADDRSTRLEN];
} icmp_error;

/* The next ICMP error in a socket's queue; false: there is none. */
bool queued_icmp(int fd, icmp_error *to);
/* Its errno; 0: there is none. */
int queued_error(int fd);

/* Whether a TCP connection that waits for its first answer has such a queue: since Linux 5.9 (tcp_v4_err, net/ipv4/tcp_ipv4.c). */
bool connects_queue_errors(void);

/* Begins a connection. 0; EINPROGRESS: to be waited for; or the errno of the connection. */
int begin_connect(job *self, const char *address, int port, int type, int *socket_fd);

/* The same for one that was begun; ETIMEDOUT where the time is up. `by_icmp`: the ICMP error that ended it, if one did. */
int end_connect(int fd, int64_t until_us, icmp_error *by_icmp);

/*
 * Connects some more times to an IPv4 address where some connections were lost and others not, and prints by which next
 * hop each of these went: "way silent|answered ADDRESS DEVICE". The kernel cannot be asked: "ip route get" with the ports
 * of a connection gives another choice than the connection got (seen with Linux 6.18). Needs NET_RAW; without, nothing.
 */
void tell_ways(job *self, const char *address, int port);

/* Routes are asked for once in a phase; the next one asks again. */
void forget_routes(void);

/* The first address of a name, by the C library of the image (getent), or the word itself where it is one. NULL: none. */
const char *resolve(job *self, const char *name);

/* `ip` takes the interface of an address (fe80::1%eth0) as a word of its own: the address alone, and the interface or NULL. */
const char *without_zone(job *self, const char *address);
const char *zone_of(const char *address);

/*
 * One series of echo requests.
 * size: bytes of the payload; probe_df: with fragmentation forbidden, whatever was learned of the path.
 */
typedef struct {
  const char *name, *address;
  int count, interval_ms, wait_ms, size;
  bool probe_df;
  /* To end with the first answer. */
  bool one_answer;
  /* Each line about an echo or an error, as iputils prints it; NULL: not wanted. */
  text *lines;
  text *complaints;
  /* What came of it. */
  int sent, received, errors;
  int64_t first_us, last_us, min_us, max_us, sum_us, sum2_us;
  /* The first error that announced a smaller MTU, and that MTU. */
  char announcement[256];
  int announced;
  /* 2: nothing could be sent. */
  int code;
} echo_series;

void echo_run(job *self, echo_series *series);

/* Whether an echo request to this address has been answered in this run. */
bool echo_answered(const char *address);

#endif
