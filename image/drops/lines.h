#ifndef LINES_H
#define LINES_H
#include <stddef.h>
#include "counts.h"

/* Looks the names of these reasons up; those that are known already cost nothing. */
void learn_reasons(const struct counted *all, size_t length);

/* Prints a name of the kernel's. */
void print_name(const char *name);

/* Prints the members of a JSON object. `symbols` is the program's map of functions' names. */
void print_place(const struct counted *one, int symbols);
void print_flow(const struct flow *flow);

#endif
