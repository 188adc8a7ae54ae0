/* DNS messages (RFC 1035): questions as they go out, answers in dig's words. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "core.h"

#define DNS_MAX_QUESTION 300

/* A question for A or AAAA, with recursion wanted and without EDNS, as the C library asks. 0: the name is none. */
size_t dns_question(uint8_t *to, uint16_t id, const char *name, const char *type);

/* What an answer is to a question. */
enum dns_kind { DNS_ANSWER, DNS_OTHER_ID, DNS_MALFORMED };

/* Adds an answer as dig prints it, each line after a bar, up to its sections. */
enum dns_kind dns_print(text *to, const uint8_t *bytes, size_t size, uint16_t id);

#endif
