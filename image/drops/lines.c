/* What was counted, as JSON. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include "lines.h"
#include "reasons.h"

/* A kernel has some 120, and its subsystems as many. One for which there is no room is shown by its number. */
#define MAX_REASONS 512

static struct {
  unsigned int reason;
  char name[64];
} known[MAX_REASONS];
static unsigned int known_count;

static const char *known_name(unsigned int reason)
{
  for (unsigned int i = 0; i < known_count; i++)
    if (known[i].reason == reason) return known[i].name;
  return NULL;
}

void learn_reasons(const struct counted *all, size_t length)
{
  struct btf *kernel = NULL;
  for (size_t i = 0; i < length && known_count < MAX_REASONS; i++) {
    unsigned int reason = all[i].flow.place.reason;
    if (known_name(reason)) continue;
    /* Megabytes, which nothing else needs: it is not kept. */
    if (!kernel) kernel = btf__parse(KERNEL_TYPES, NULL);
    reason_name(kernel, reason, known[known_count].name, sizeof known[0].name);
    known[known_count++].reason = reason;
  }
  btf__free(kernel);
}

/* C's identifiers, or a number; anything else would not be printed as it is. */
void print_name(const char *name)
{
  for (; *name; name++)
    putchar((*name >= '0' && *name <= '9') || (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z') ||
                    strchr("_.-+~", *name) ? *name : '?');
}

void print_place(const struct counted *one, int symbols)
{
  struct symbol symbol = {};
  const struct place *place = &one->flow.place;
  const char *reason = known_name(place->reason);
  printf("\"reason\":\"");
  if (reason) print_name(reason);
  else printf("%u", place->reason);
  bpf_map_lookup_elem(symbols, &place->location, &symbol);
  /* Without kallsyms the kernel prints the address. Behind a function's name it says its module, and which copy of it a compiler
     made: "nft_do_chain [nf_tables]", "ip_rcv_finish_core.constprop.0". */
  symbol.name[sizeof symbol.name - 1] = '\0';
  symbol.name[strcspn(symbol.name, " .")] = '\0';
  printf("\",\"function\":\"");
  print_name(symbol.name[0] == '0' ? "" : symbol.name);
  printf("\",\"namespace\":\"%u\",\"packets\":%llu", place->space, one->packets);
}

static void print_address(const char *name, const struct address *address)
{
  static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
  char text[INET6_ADDRSTRLEN];
  bool is_ipv4 = memcmp(address->bytes, mapped, sizeof mapped) == 0;
  printf(",\"%s\":\"%s\"", name, inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address->bytes + (is_ipv4 ? 12 : 0), text, sizeof text));
}

void print_flow(const struct flow *flow)
{
  static const struct address none;
  printf(",\"interface\":%u,\"ethertype\":%u,\"protocol\":%u", flow->interface, flow->ethertype, flow->protocol);
  if (memcmp(&flow->source, &none, sizeof none) != 0 || memcmp(&flow->destination, &none, sizeof none) != 0) {
    print_address("source", &flow->source);
    print_address("destination", &flow->destination);
  }
  if (flow->has_ports) printf(",\"sourcePort\":%u,\"destinationPort\":%u", flow->source_port, flow->destination_port);
  else if (flow->protocol == 1 || flow->protocol == 58)
    printf(",\"icmpType\":%u,\"icmpCode\":%u", flow->source_port, flow->destination_port);
}
