/* The names of the kernel's reasons, read from its types: the numbers differ from kernel to kernel. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include "reasons.h"

#define TYPES "/sys/kernel/btf"
#define CORE_PREFIX "SKB_DROP_REASON_"
#define ENUM_SUFFIX "_drop_reason"
/* The upper half says whose reason it is (enum skb_drop_reason_subsys), 0 for the kernel's own. */
#define SUBSYSTEM(reason) ((reason) >> 16)

static const struct btf_type *behind(const struct btf *btf, __u32 id)
{
  const struct btf_type *type = btf__type_by_id(btf, id);
  while (type && (btf_is_mod(type) || btf_is_typedef(type))) type = btf__type_by_id(btf, type->type);
  return type;
}

enum tracepoint tracepoint_of(const struct btf *kernel)
{
  int id = btf__find_by_name_kind(kernel, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
  const struct btf_type *type = id < 0 ? NULL : behind(kernel, (__u32)id);
  const struct btf_type *function = type && btf_is_ptr(type) ? behind(kernel, type->type) : NULL;
  if (!function || !btf_is_func_proto(function)) return TRACEPOINT_NONE;
  /* The first one is the tracepoint's own. */
  int count = btf_vlen(function) - 1;
  const struct btf_param *params = btf_params(function) + 1;
  if (count < 3) return TRACEPOINT_NONE;
  const struct btf_type *reason = behind(kernel, params[2].type);
  if (!reason || !btf_is_any_enum(reason)) return TRACEPOINT_NONE;
  if (count < 4) return TRACEPOINT_REASON;
  const struct btf_type *fourth = behind(kernel, params[3].type);
  const struct btf_type *receiver = fourth && btf_is_ptr(fourth) ? behind(kernel, fourth->type) : NULL;
  return receiver && strcmp(btf__name_by_offset(kernel, receiver->name_off), "sock") == 0 ? TRACEPOINT_RECEIVER
                                                                                          : TRACEPOINT_REASON;
}

/* The enumerator's name in that enum, or NULL. */
static const char *enumerator(const struct btf *btf, const struct btf_type *type, unsigned int value)
{
  if (btf_is_enum(type)) {
    const struct btf_enum *values = btf_enum(type);
    for (int i = 0; i < btf_vlen(type); i++)
      if ((unsigned int)values[i].val == value) return btf__name_by_offset(btf, values[i].name_off);
  }
  return NULL;
}

/* Among the enums of a subsystem's reasons, from the given type on. */
static const char *subsystem_name(const struct btf *btf, __u32 from, unsigned int reason)
{
  for (__u32 id = from; id < btf__type_cnt(btf); id++) {
    const struct btf_type *type = btf__type_by_id(btf, id);
    if (!btf_is_enum(type)) continue;
    const char *name = btf__name_by_offset(btf, type->name_off);
    size_t length = strlen(name), suffix = strlen(ENUM_SUFFIX);
    if (length < suffix || strcmp(name + length - suffix, ENUM_SUFFIX) != 0) continue;
    const char *found = enumerator(btf, type, reason);
    if (found) return found;
  }
  return NULL;
}

static void copy(char *name, unsigned long size, const char *found)
{
  const char *prefix = CORE_PREFIX;
  size_t length = strlen(prefix);
  snprintf(name, size, "%s", strncmp(found, prefix, length) == 0 ? found + length : found);
}

void reason_name(struct btf *kernel, unsigned int reason, char *name, unsigned long size)
{
  snprintf(name, size, "%u", reason);
  if (!kernel) return;
  if (SUBSYSTEM(reason) == 0) {
    int id = btf__find_by_name_kind(kernel, "skb_drop_reason", BTF_KIND_ENUM);
    const char *found = id < 0 ? NULL : enumerator(kernel, btf__type_by_id(kernel, (__u32)id), reason);
    if (found) copy(name, size, found);
    return;
  }
  const char *found = subsystem_name(kernel, 1, reason);
  if (found) {
    copy(name, size, found);
    return;
  }
  DIR *folder = opendir(TYPES);
  if (!folder) return;
  for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
    char path[sizeof TYPES + 1 + sizeof entry->d_name];
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, "vmlinux") == 0) continue;
    snprintf(path, sizeof path, TYPES "/%s", entry->d_name);
    struct btf *module = btf__parse_split(path, kernel);
    if (!module) continue;
    found = subsystem_name(module, btf__type_cnt(kernel), reason);
    if (found) copy(name, size, found);
    btf__free(module);
  }
  closedir(folder);
}
