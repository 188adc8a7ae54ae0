/*
 * What image/drops/reasons.c reads of a kernel's types, for tests:
 *   names TYPES         which of the tracepoint's arguments there are, and the name of each reason below 256
 *   record TYPES SMALL  writes as much of the types as that takes
 */
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include "../../image/drops/reasons.h"

/* A type as an enum, with all its names, or a structure with nothing but its own. */
static int copy(struct btf *to, const struct btf *from, __u32 id)
{
  const struct btf_type *type = btf__type_by_id(from, id);
  const char *name = btf__name_by_offset(from, type->name_off);
  int target;
  switch (btf_kind(type)) {
  case BTF_KIND_INT:
    return btf__add_int(to, name, type->size, 0);
  case BTF_KIND_PTR:
    target = type->type ? copy(to, from, type->type) : 0;
    return btf__add_ptr(to, target);
  case BTF_KIND_TYPEDEF:
    target = copy(to, from, type->type);
    return btf__add_typedef(to, name, target);
  case BTF_KIND_FUNC_PROTO: {
    int params[16];
    for (int i = 0; i < btf_vlen(type) && i < 16; i++) params[i] = copy(to, from, btf_params(type)[i].type);
    int id_of_it = btf__add_func_proto(to, 0);
    for (int i = 0; i < btf_vlen(type) && i < 16; i++) btf__add_func_param(to, NULL, params[i]);
    return id_of_it;
  }
  case BTF_KIND_ENUM: {
    int existing = btf__find_by_name_kind(to, name, BTF_KIND_ENUM);
    if (existing > 0) return existing;
    int id_of_it = btf__add_enum(to, name, type->size);
    for (int i = 0; i < btf_vlen(type); i++)
      btf__add_enum_value(to, btf__name_by_offset(from, btf_enum(type)[i].name_off), btf_enum(type)[i].val);
    return id_of_it;
  }
  case BTF_KIND_CONST:
    return copy(to, from, type->type);
  default:
    return btf__add_struct(to, name, 0);
  }
}

static int record(const struct btf *from, const char *path)
{
  struct btf *to = btf__new_empty();
  int tracepoint = btf__find_by_name_kind(from, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
  int reasons = btf__find_by_name_kind(from, "skb_drop_reason", BTF_KIND_ENUM);
  if (tracepoint > 0) copy(to, from, (__u32)tracepoint);
  if (reasons > 0) copy(to, from, (__u32)reasons);
  __u32 size;
  const void *data = btf__raw_data(to, &size);
  FILE *file = fopen(path, "wbe");
  return file && fwrite(data, 1, size, file) == size && fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
  if (argc < 3) return 2;
  struct btf *types = btf__parse_raw(argv[2]);
  if (!types) return 1;
  if (strcmp(argv[1], "record") == 0) return argc == 4 ? record(types, argv[3]) : 2;
  static const char *const arguments[] = { "none", "reason", "receiver" };
  printf("tracepoint %s\n", arguments[tracepoint_of(types)]);
  for (unsigned int reason = 0; reason < 256; reason++) {
    char name[64], number[16];
    reason_name(types, reason, name, sizeof name);
    snprintf(number, sizeof number, "%u", reason);
    if (strcmp(name, number) != 0) printf("%u %s\n", reason, name);
  }
  return 0;
}
