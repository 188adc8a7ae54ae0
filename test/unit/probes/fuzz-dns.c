/*
 * Feeds the prober's reader of DNS messages what no server should send: valid answers with bytes changed, cut and added.
 * Built with the address and undefined-behaviour sanitizers, which end it at the first wrong access. The numbers are
 * those of a fixed seed, so that a failure comes again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns-message.h"

static uint64_t state = 88172645463325252u;

static uint32_t next(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 11) % below;
}

/* An answer with a pointer in each record's name: A, CNAME, AAAA, and a type that the reader does not know. */
static size_t answer(uint8_t *to) {
  size_t at = dns_question(to, 0x1234, "name.with.labels.example.", "A");
  static const uint8_t records[] = {
      0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1,
      0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 30, 0, 6, 3, 'w', 'w', 'w', 0xc0, 17,
      0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 30, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
      0xc0, 12, 0, 99, 0, 1, 0, 0, 0, 30, 0, 3, 1, 2, 3};
  to[2] = 0x84;
  to[7] = 4;
  memcpy(to + at, records, sizeof records);
  return at + sizeof records;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 1000;
  long kinds[3] = {0};
  for (long i = 0; i < rounds; i++) {
    uint8_t bytes[512];
    size_t size = answer(bytes);
    for (uint32_t changes = next(6); changes > 0; changes--) bytes[next((uint32_t)size)] = (uint8_t)next(256);
    if (next(3) == 0) size = next((uint32_t)size + 1);
    /* Of exactly this size, so that one byte too far is seen. */
    uint8_t *message = malloc(size == 0 ? 1 : size);
    memcpy(message, bytes, size);
    text said = {0};
    kinds[dns_print(&said, message, size, 0x1234)]++;
    for (size_t n = 0; n < said.length; n++) {
      unsigned char byte = (unsigned char)said.data[n];
      if (byte != '\n' && byte != '\t' && (byte < 32 || byte > 126)) return 1;
    }
    text_free(&said);
    free(message);
  }
  printf("%ld answers, %ld of another id, %ld malformed\n", kinds[DNS_ANSWER], kinds[DNS_OTHER_ID], kinds[DNS_MALFORMED]);
  return 0;
}
