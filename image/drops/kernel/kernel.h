/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program reads of the kernel's own types. The fields' places are the running kernel's: libbpf looks them up in its
 * BTF when it loads the program (CO-RE), so only names and types have to be right here.
 */
#ifndef KERNEL_H
#define KERNEL_H

#define CORE __attribute__((preserve_access_index))

struct ns_common {
  unsigned int inum;
} CORE;

struct net {
  struct ns_common ns;
} CORE;

typedef struct {
  struct net *net;
} CORE possible_net_t;

struct net_device {
  possible_net_t nd_net;
  int ifindex;
} CORE;

struct sock_common {
  unsigned short skc_family;
  possible_net_t skc_net;
} CORE;

struct sock {
  struct sock_common __sk_common;
} CORE;

struct dst_entry {
  struct net_device *dev;
} CORE;

struct sk_buff {
  struct net_device *dev;
  struct sock *sk;
  /* A pointer to a dst_entry; its lowest bit says whether it is counted. */
  unsigned long _skb_refdst;
  unsigned short protocol;
  unsigned short network_header;
  unsigned char *head, *data;
} CORE;

#endif
