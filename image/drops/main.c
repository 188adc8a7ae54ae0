/*
 * Watches for some time what the kernel drops, and prints it as lines of JSON:
 *
 *   nettools-drops --for SECONDS [--machine | --everywhere | --own ADDRESS… [--also-host]] [--peer HOST,PORT…] [--live]
 *
 *   --machine      all network namespaces of the machine; without it, the one that this runs in
 *   --everywhere   all that the kernel has, which takes no sight of the machine's processes; with --peer
 *   --peer         only flows with one of these; the port 0 is any
 *   --own          addresses of this namespace, for --also-host
 *   --also-host    also what the machine's namespace drops of the flows of these addresses
 *   --live         also {"now":…} every second, with what has changed; a line on stdin, or its end, ends the watch early
 *
 * Lines: {"watching":…} as soon as it does, {"place":…} and {"flow":…} at the end, the greatest counts first, and {"end":…}.
 * Exit 3, with one line on stderr, "CODE: WORDS", where this kernel or these rights can't do it. Nothing stays in the kernel
 * when it has ended, however it ends: the program and its maps live as long as their file descriptors.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "counts.h"
#include "drops.h"
#include "lines.h"
#include "live.h"
#include "reasons.h"
#include "spaces.h"

#define MAX_SECONDS 3600
/* A line has at most 400 bytes, and a probe's output at most 1 MiB. */
#define MAX_LINES 2000
/* Pods come while it watches. */
#define LOOK_AGAIN_SECONDS 2
#define LIVE_SECONDS 1

extern const unsigned char object_start[], object_end[];
__asm__(".section .rodata\n"
        ".balign 8\n"
        ".global object_start, object_end\n"
        "object_start: .incbin \"" OBJECT "\"\n"
        "object_end:\n"
        ".previous\n");

static char complaint[256];
static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
  (void)number;
  is_over = 1;
}

static __attribute__((format(printf, 2, 3), noreturn)) void give_up(const char *code, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: ", code);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(3);
}

/* The last warning says which step failed. */
static int on_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
  if (level == LIBBPF_WARN) vsnprintf(complaint, sizeof complaint, format, arguments);
  return 0;
}

static int map_of(struct bpf_object *object, const char *name)
{
  int fd = bpf_object__find_map_fd_by_name(object, name);
  if (fd < 0) give_up("load", "the program has no map %s", name);
  return fd;
}

static struct address address_of(const char *text)
{
  struct address address = {};
  if (inet_pton(AF_INET6, text, address.bytes) == 1) return address;
  address.bytes[10] = address.bytes[11] = 0xff;
  if (inet_pton(AF_INET, text, &address.bytes[12]) == 1) return address;
  fprintf(stderr, "nettools-drops: no address: %s\n", text);
  exit(2);
}

/* One for each address of the name, or of the address itself; how many there is no room for. */
static unsigned int add_peers(char *text, struct peer peers[MAX_PEERS], unsigned int *count)
{
  char *comma = strchr(text, ','), *end = NULL;
  unsigned long port = comma ? strtoul(comma + 1, &end, 10) : 0;
  if (comma == NULL || end == comma + 1 || *end != '\0' || port > 65535) {
    fprintf(stderr, "nettools-drops: no HOST,PORT: %s\n", text);
    exit(2);
  }
  *comma = '\0';
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
  int error = getaddrinfo(text, NULL, &hints, &found);
  if (error) give_up("name", "%s has no address here: %s", text, gai_strerror(error));
  unsigned int left_out = 0;
  for (struct addrinfo *one = found; one; one = one->ai_next) {
    if (*count >= MAX_PEERS) {
      left_out++;
      continue;
    }
    char address[INET6_ADDRSTRLEN];
    const void *bytes = one->ai_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)one->ai_addr)->sin6_addr
                                                   : (const void *)&((const struct sockaddr_in *)one->ai_addr)->sin_addr;
    if (inet_ntop(one->ai_family, bytes, address, sizeof address) == NULL) continue;
    peers[*count].address = address_of(address);
    peers[(*count)++].port = (unsigned int)port;
  }
  freeaddrinfo(found);
  return left_out;
}

struct watched {
  int map;
  /* What is in the map. */
  unsigned int entries[MAX_SPACES];
  unsigned int count;
  /* There was no room for another one. */
  bool lacks_room;
};

static void watch_space_for(unsigned int space, unsigned int what, struct watched *watched)
{
  for (unsigned int i = 0; space >= FIRST_SPACE && i < SPACE_TRIES; i++) {
    unsigned int place = (space + i) % MAX_SPACES, *entry = &watched->entries[place];
    unsigned int wanted = SPACE_ENTRY(space, what);
    if (*entry == SPACE_ENTRY(space, WATCH_OF(*entry))) return;
    if (*entry != 0 || bpf_map_update_elem(watched->map, &place, &wanted, BPF_ANY) != 0) continue;
    *entry = wanted;
    watched->count++;
    return;
  }
  watched->lacks_room = true;
}

static void watch_space(unsigned int space, void *context)
{
  watch_space_for(space, WATCH_ALL, context);
}

static double seconds_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* To that time, or to a signal, which may come only here; where somebody looks on, also to a line on stdin, or its end, which ends the watch. */
static void rest_until(double time, bool live)
{
  double seconds = time - seconds_now();
  struct pollfd input = { .fd = live ? STDIN_FILENO : -1, .events = POLLIN };
  if (seconds <= 0) return;
  struct timespec rest = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
  sigset_t none;
  sigemptyset(&none);
  if (ppoll(&input, 1, &rest, &none) > 0) is_over = 1;
}

/* Two kernels may give the same number to two namespaces: which boot of which machine it is (random(4)). */
static void print_boot(void)
{
  char boot[64] = "";
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
  if (!file) return;
  if (!fgets(boot, sizeof boot, file)) boot[0] = '\0';
  fclose(file);
  boot[strcspn(boot, "\n")] = '\0';
  print_name(boot);
}

/* Why the kernel did not take the program. */
static __attribute__((noreturn)) void refuse(int error)
{
  char state[64] = "";
  FILE *lockdown = fopen("/sys/kernel/security/lockdown", "re");
  if (lockdown) {
    if (!fgets(state, sizeof state, lockdown)) state[0] = '\0';
    fclose(lockdown);
  }
  if (strstr(state, "[confidentiality]")) give_up("lockdown", "the kernel is locked down (confidentiality)");
  if (error == EPERM || error == EACCES)
    give_up("capability", "the kernel refuses the program: it takes the capabilities BPF and PERFMON, and a seccomp profile that lets bpf() pass");
  if (error == ENOSYS) give_up("no-bpf", "this kernel has no BPF");
  complaint[strcspn(complaint, "\n")] = '\0';
  give_up("load", "the kernel does not take the program: %s (%s)", strerror(error), complaint);
}

int main(int argc, char **argv)
{
  static const struct option options[] = {
    { "for", required_argument, NULL, 'f' }, { "machine", no_argument, NULL, 'm' },
    { "own", required_argument, NULL, 'o' }, { "also-host", no_argument, NULL, 'h' },
    { "everywhere", no_argument, NULL, 'e' },
    { "peer", required_argument, NULL, 'p' }, { "live", no_argument, NULL, 'l' }, { NULL, 0, NULL, 0 },
  };
  /* There are fewer of them than words. */
  struct address *own = calloc((size_t)argc, sizeof *own);
  static struct peer peers[MAX_PEERS];
  unsigned int own_count = 0, peer_count = 0, peers_left_out = 0;
  bool all = false, everywhere = false, also_host = false, live = false;
  double duration = 0;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
    case 'f': duration = strtod(optarg, NULL); break;
    case 'm': all = true; break;
    case 'e': everywhere = true; break;
    case 'h': also_host = true; break;
    case 'l': live = true; break;
    case 'o': own[own_count++] = address_of(optarg); break;
    case 'p': peers_left_out += add_peers(optarg, peers, &peer_count); break;
    default: return 2;
    }
  }
  if (own_count > MAX_PEERS) {
    fprintf(stderr, "nettools-drops: at most %d --own\n", MAX_PEERS);
    return 2;
  }
  if (!(duration > 0 && duration <= MAX_SECONDS) || optind != argc) {
    fprintf(stderr, "nettools-drops: --for takes a number of seconds, at most %d\n", MAX_SECONDS);
    return 2;
  }
  if (everywhere && (all || also_host || peer_count == 0)) {
    fprintf(stderr, "nettools-drops: --everywhere takes --peer, and neither --machine nor --also-host\n");
    return 2;
  }
  /* Whatever happens, it ends. */
  alarm((unsigned int)duration + 30);
  struct sigaction action = { .sa_handler = on_signal };
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  libbpf_set_print(on_complaint);

  struct btf *kernel = btf__parse(KERNEL_TYPES, NULL);
  if (!kernel) give_up("no-btf", "the kernel does not describe its types (" KERNEL_TYPES ", CONFIG_DEBUG_INFO_BTF)");
  enum tracepoint tracepoint = tracepoint_of(kernel);
  /* libbpf reads it once more for itself: two of them at a time would be most of what this takes. */
  btf__free(kernel);
  if (tracepoint == TRACEPOINT_NONE) give_up("old-kernel", "the kernel gives no reasons for drops: Linux 5.17 and later do");

  LIBBPF_OPTS(bpf_object_open_opts, open_options, .object_name = "nettools_drops");
  struct bpf_object *object = bpf_object__open_mem(object_start, (size_t)(object_end - object_start), &open_options);
  if (!object) refuse(errno);
  struct settings settings = { .has_receiver = tracepoint == TRACEPOINT_RECEIVER, .has_peers = peer_count > 0, .everywhere = everywhere };
  struct bpf_map *constants = bpf_object__find_map_by_name(object, SETTINGS_SECTION);
  size_t size;
  void *initial = constants ? bpf_map__initial_value(constants, &size) : NULL;
  if (!initial || size != sizeof settings) give_up("load", "the program has no settings");
  if (getrandom(settings.multipliers, sizeof settings.multipliers, 0) != (ssize_t)sizeof settings.multipliers)
    give_up("load", "the kernel has no random numbers: %s", strerror(errno));
  for (int i = 0; i < FLOW_WORDS; i++) settings.multipliers[i] |= 1;
  memcpy(initial, &settings, sizeof settings);
  int error = bpf_object__load(object);
  if (error) refuse(-error);

  const struct bpf_map *words = bpf_object__find_map_by_name(object, TALLY_SECTION);
  const volatile struct tally *tally = words ? bpf_map__initial_value(words, &size) : NULL;
  if (!tally || size != sizeof *tally) give_up("load", "the program has no tally");
  struct count_maps maps = { map_of(object, "places"), map_of(object, "slots"), map_of(object, "others"), map_of(object, "symbols"), tally };

  static struct watched watched;
  watched.map = map_of(object, "spaces");
  for (unsigned int i = 0; i < own_count; i++) {
    unsigned char one = 1;
    bpf_map_update_elem(map_of(object, "own"), &own[i], &one, BPF_ANY);
  }
  for (unsigned int i = 0; i < peer_count; i++) {
    unsigned char one = 1;
    bpf_map_update_elem(map_of(object, "peers"), &peers[i], &one, BPF_ANY);
    struct peer without_ports = { .address = peers[i].address, .port = NO_PORTS };
    bpf_map_update_elem(map_of(object, "peers"), &without_ports, &one, BPF_ANY);
  }
  unsigned int own_space = space_at("/proc/self/ns/net");
  if (all) each_space(watch_space, &watched);
  else if (!everywhere) watch_space(own_space, &watched);
  if (also_host) {
    unsigned int host = outer_space();
    if (host) watch_space_for(host, WATCH_OWN, &watched);
  }

  struct bpf_program *program = bpf_object__find_program_by_name(object, "on_drop");
  struct bpf_link *link = program ? bpf_program__attach(program) : NULL;
  if (!link) refuse(errno);
  struct utsname system;
  uname(&system);
  printf("{\"watching\":{\"kernel\":\"");
  print_name(system.release);
  printf("\",\"boot\":\"");
  print_boot();
  printf("\",\"own\":\"%u\",\"namespaces\":%u}}\n", own_space, watched.count);
  fflush(stdout);
  /* What came before may have taken long on a machine that is busy. */
  alarm((unsigned int)duration + 30);

  double begin = seconds_now(), looked = begin, told = begin;
  for (double now; !is_over && (now = seconds_now()) < begin + duration;) {
    double next = begin + duration;
    if (live && told + LIVE_SECONDS < next) next = told + LIVE_SECONDS;
    if (all && looked + LOOK_AGAIN_SECONDS < next) next = looked + LOOK_AGAIN_SECONDS;
    rest_until(next, live);
    now = seconds_now();
    if (all && now >= looked + LOOK_AGAIN_SECONDS) {
      each_space(watch_space, &watched);
      looked = now;
    }
    if (live && now >= told + LIVE_SECONDS) {
      print_now(now - begin, &maps);
      told = now;
    }
  }
  double end = seconds_now();
  struct bpf_prog_info info = {};
  __u32 info_size = sizeof info;
  bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &info_size);
  bpf_link__destroy(link);

  struct counts counts;
  unsigned long long hidden_places = 0, in_places = 0, in_flows = 0;
  error = read_counts(&maps, &counts);
  if (error) give_up("read", "what was counted could not be read: %s", strerror(error));
  size_t others = count_others(&maps);
  if (others == SIZE_MAX) give_up("read", "what was counted could not be read: %s", strerror(errno));
  learn_reasons(counts.places, counts.place_count);
  for (size_t i = 0; i < counts.place_count; i++) {
    if (i >= MAX_LINES) {
      hidden_places += counts.places[i].packets;
      continue;
    }
    in_places += counts.places[i].packets;
    printf("{\"place\":{");
    print_place(&counts.places[i], maps.symbols);
    printf("}}\n");
  }
  size_t left = counts.place_count < MAX_LINES ? MAX_LINES - counts.place_count : 0;
  for (size_t i = 0; i < counts.flow_count; i++) {
    if (i >= left) {
      others++;
      continue;
    }
    in_flows += counts.flows[i].packets;
    printf("{\"flow\":{");
    print_place(&counts.flows[i], maps.symbols);
    print_flow(&counts.flows[i].flow);
    printf("}}\n");
  }
  printf("{\"end\":{\"seconds\":%.2f,\"namespaces\":%u,\"flowsMissed\":%llu,\"otherFlows\":%zu,\"placesMissed\":%llu,\"withoutNamespace\":%llu,\"unseen\":%llu,\"peersLeftOut\":%u,\"namespacesLeftOut\":%s}}\n",
         end - begin, watched.count, in_places - in_flows, others, tally->places_missed + hidden_places, tally->without_space,
         (unsigned long long)info.recursion_misses, peers_left_out, watched.lacks_room ? "true" : "false");
  return fflush(stdout) == 0 ? 0 : 1;
}
