#ifndef REASONS_H
#define REASONS_H

/* The kernel's own types. */
#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

struct btf;

/* Which of the tracepoint's arguments this kernel has. */
enum tracepoint { TRACEPOINT_NONE, TRACEPOINT_REASON, TRACEPOINT_RECEIVER };

/* What the kernel says of the tracepoint skb:kfree_skb. */
enum tracepoint tracepoint_of(const struct btf *kernel);

/*
 * Writes the name of a reason as the running kernel has it, without the enum's prefix: NETFILTER_DROP. Of a module's reason
 * the enum stands in its module's own types. The number, where nothing has a name for it.
 */
void reason_name(struct btf *kernel, unsigned int reason, char *name, unsigned long size);

#endif
