#include "dns-message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
/* Each pointer goes backwards; more of them in one name is a loop (RFC 1035, 4.1.4, has no number). */
#define MAX_JUMPS 64

static size_t put16(uint8_t *to, unsigned value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
  return 2;
}

size_t dns_question(uint8_t *to, uint16_t id, const char *name, const char *type) {
  size_t at = 0;
  at += put16(to + at, id);
  /* RD */
  at += put16(to + at, 0x0100);
  at += put16(to + at, 1);
  at += put16(to + at, 0);
  at += put16(to + at, 0);
  at += put16(to + at, 0);
  size_t name_start = at;
  for (const char *label = name; *label != '\0';) {
    size_t length = strcspn(label, ".");
    if (length == 0 || length > 63 || at - name_start + length + 2 > 255) return 0;
    to[at++] = (uint8_t)length;
    memcpy(to + at, label, length);
    at += length;
    label += length + (label[length] == '.');
  }
  to[at++] = 0;
  at += put16(to + at, strcasecmp(type, "AAAA") == 0 ? TYPE_AAAA : TYPE_A);
  at += put16(to + at, 1);
  return at;
}

typedef struct {
  const uint8_t *bytes;
  size_t size, at;
  bool bad;
} reader;

static unsigned take16(reader *from) {
  if (from->at + 2 > from->size) {
    from->bad = true;
    return 0;
  }
  unsigned value = (unsigned)from->bytes[from->at] << 8 | from->bytes[from->at + 1];
  from->at += 2;
  return value;
}

static uint32_t take32(reader *from) {
  uint32_t high = take16(from);
  return high << 16 | take16(from);
}

/* A name in dig's words: a byte that is not a plain one as \DDD. */
static void take_name(reader *from, char *to, size_t room) {
  size_t at = from->at, used = 0, jumps = 0;
  bool jumped = false;
  for (;;) {
    if (at >= from->size) break;
    unsigned length = from->bytes[at];
    if (length == 0) {
      if (!jumped) from->at = at + 1;
      if (used == 0) to[used++] = '.';
      to[used] = '\0';
      return;
    }
    if ((length & 0xc0) == 0xc0) {
      if (at + 1 >= from->size || ++jumps > MAX_JUMPS) break;
      if (!jumped) from->at = at + 2;
      jumped = true;
      at = (length & 0x3fu) << 8 | from->bytes[at + 1];
      continue;
    }
    if (length > 63 || at + 1 + length > from->size) break;
    for (unsigned i = 1; i <= length; i++) {
      if (used + 6 >= room) goto bad;
      uint8_t byte = from->bytes[at + i];
      bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                   byte == '-' || byte == '_' || byte == '*';
      if (plain) to[used++] = (char)byte;
      else used += (size_t)snprintf(to + used, room - used, "\\%03u", byte);
    }
    to[used++] = '.';
    at += 1 + length;
  }
bad:
  from->bad = true;
  to[0] = '\0';
}

static void print_record(text *to, reader *from) {
  char name[1100], value[1100];
  take_name(from, name, sizeof name);
  unsigned type = take16(from), class = take16(from);
  uint32_t ttl = take32(from);
  unsigned length = take16(from);
  if (from->bad || from->at + length > from->size) {
    from->bad = true;
    return;
  }
  size_t end = from->at + length;
  if (type == TYPE_A && length == 4) {
    inet_ntop(AF_INET, from->bytes + from->at, value, sizeof value);
    text_print(to, "|%s\t%u\tIN\tA\t%s\n", name, ttl, value);
  } else if (type == TYPE_AAAA && length == 16) {
    inet_ntop(AF_INET6, from->bytes + from->at, value, sizeof value);
    text_print(to, "|%s\t%u\tIN\tAAAA\t%s\n", name, ttl, value);
  } else if (type == TYPE_CNAME) {
    take_name(from, value, sizeof value);
    if (from->bad || from->at > end) {
      from->bad = true;
      return;
    }
    text_print(to, "|%s\t%u\tIN\tCNAME\t%s\n", name, ttl, value);
  } else {
    text_print(to, "|%s\t%u\tCLASS%u\tTYPE%u\t\\# %u\n", name, ttl, class, type, length);
  }
  from->at = end;
}

enum dns_kind dns_print(text *to, const uint8_t *bytes, size_t size, uint16_t id) {
  static const char *const codes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
                                      "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
  reader from = {.bytes = bytes, .size = size};
  unsigned own = take16(&from), flags = take16(&from);
  unsigned questions = take16(&from), answers = take16(&from), authority = take16(&from), more = take16(&from);
  if (from.bad || (flags & 0x8000) == 0) return DNS_MALFORMED;
  if (own != id) return DNS_OTHER_ID;
  text body = {0};
  char name[1100];
  if (questions > 0) text_print(&body, "|;; QUESTION SECTION:\n");
  for (unsigned i = 0; i < questions && !from.bad; i++) {
    take_name(&from, name, sizeof name);
    unsigned type = take16(&from);
    take16(&from);
    if (!from.bad)
      text_print(&body, "|;%s\tIN\t%s\n", name, type == TYPE_A ? "A" : type == TYPE_AAAA ? "AAAA" : "TYPE");
  }
  if (answers > 0) text_print(&body, "|\n|;; ANSWER SECTION:\n");
  /* An answer that was cut may end in the middle of a record. */
  bool cut = (flags & 0x0200) != 0;
  for (unsigned i = 0; i < answers && !from.bad; i++) print_record(&body, &from);
  if (from.bad && !cut) {
    text_free(&body);
    return DNS_MALFORMED;
  }
  unsigned code = flags & 15;
  char number[16];
  snprintf(number, sizeof number, "RESERVED%u", code);
  text_print(to, "|;; Got answer:\n|;; ->>HEADER<<- opcode: QUERY, status: %s, id: %u\n",
             code < sizeof codes / sizeof *codes ? codes[code] : number, own);
  text_print(to, "|;; flags: qr%s%s%s%s%s%s; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n|\n",
             flags & 0x0400 ? " aa" : "", cut ? " tc" : "", flags & 0x0100 ? " rd" : "", flags & 0x0080 ? " ra" : "",
             flags & 0x0020 ? " ad" : "", flags & 0x0010 ? " cd" : "", questions, answers, authority, more);
  if (body.length > 0) text_add(to, body.data, body.length);
  text_free(&body);
  return DNS_ANSWER;
}
