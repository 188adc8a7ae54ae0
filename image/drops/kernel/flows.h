/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of flows. It is one of our own, since a packet finds its flow in two lines of a processor's cache, without a call; the
 * kernel's hash takes five or six, and as many to say that a flow is not in it. Nothing is ever deleted. Two processors may each give
 * a slot to the same flow: the loader adds them up.
 */
#ifndef FLOWS_H
#define FLOWS_H

#define BUSY 1u
/* A bit that each entry has, so that none is 0 or BUSY. */
#define TAKEN 0x80000000u
#define SLOT_OF(entry) ((entry) & (MAX_FLOWS - 1))
#define TAG_OF(hash) (((__u32)(hash) & ~(__u32)(MAX_FLOWS - 1)) | TAKEN)

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_BUCKETS);
  __type(key, __u32);
  __type(value, struct bucket);
} buckets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_FLOWS);
  __type(key, __u32);
  __type(value, struct slot);
} slots SEC(".maps");

/* Which hashes there were of flows that are not told apart. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_BITS / 64);
  __type(key, __u32);
  __type(value, __u64);
} others SEC(".maps");

enum counted { COUNTED, COUNTED_FIRST, NO_ROOM };

static __always_inline __u64 hash_of(const struct slot *flow)
{
  __u64 hash = 0;
#pragma GCC unroll 7
  for (int i = 0; i < FLOW_WORDS; i++) hash += flow->words[i] * settings.multipliers[i];
  hash = (hash ^ hash >> 32) * settings.multipliers[0];
  hash = (hash ^ hash >> 32) * settings.multipliers[1];
  return hash ^ hash >> 32;
}

static __always_inline bool is_same(const struct slot *one, const struct slot *other)
{
#pragma GCC unroll 7
  for (int i = FLOW_WORDS - 1; i >= 0; i--)
    if (one->words[i] != other->words[i]) return false;
  return true;
}

/* One more packet of the flow. */
static __always_inline enum counted count_flow(const struct slot *flow, __u64 hash)
{
  __u32 number = hash >> 32 & (MAX_BUCKETS - 1), tag = TAG_OF(hash);
  struct bucket *bucket = bpf_map_lookup_elem(&buckets, &number);
  if (!bucket) return NO_ROOM;
#pragma GCC unroll 8
  for (int way = 0; way < WAYS; way++) {
    __u32 entry = *(volatile __u32 *)&bucket->entries[way];
    if (entry == 0) {
      if (*(volatile __u32 *)&tally.slots >= MAX_FLOWS) return NO_ROOM;
      if (__sync_val_compare_and_swap(&bucket->entries[way], 0, BUSY) != 0) continue;
      __u32 index = __sync_fetch_and_add(&tally.slots, 1);
      struct slot *slot = bpf_map_lookup_elem(&slots, &index);
      if (!slot) {
        __sync_lock_test_and_set(&bucket->entries[way], 0);
        return NO_ROOM;
      }
      *slot = *flow;
      slot->packets = 1;
      /* Others see the slot before its number. */
      __sync_lock_test_and_set(&bucket->entries[way], tag | index);
      return COUNTED_FIRST;
    }
    if (TAG_OF(entry) != tag) continue;
    __u32 index = SLOT_OF(entry);
    struct slot *slot = bpf_map_lookup_elem(&slots, &index);
    if (!slot || !is_same(slot, flow)) continue;
    __sync_fetch_and_add(&slot->packets, 1);
    return COUNTED;
  }
  return NO_ROOM;
}

/* Notes that there is such a flow besides those that are told apart. */
static __always_inline void note_other(__u64 hash)
{
  __u32 number = hash % MAX_BITS / 64;
  __u64 bit = 1ull << (hash & 63);
  __u64 *bits = bpf_map_lookup_elem(&others, &number);
  if (bits && !(*(volatile __u64 *)bits & bit)) __sync_fetch_and_or(bits, bit);
}

#endif
