import { dropKind } from '../kind.ts';

export const program = dropKind({
  id: 'NT-DROP-014',
  title: 'A BPF program or a traffic filter drops packets',
  severity: 'info',
  reasons: [
    ...['XDP', 'TC_INGRESS', 'TC_EGRESS', 'BPF_CGROUP_EGRESS', 'SECURITY_HOOK'],
    ...['TC_COOKIE_ERROR', 'TC_CHAIN_NOTFOUND', 'TC_RECLASSIFY_LOOP'],
  ],
  // What a program in the kernel's own XDP drops has no reason (net/core/dev.c).
  alsoIn: { NOT_SPECIFIED: ['do_xdp_generic', 'netif_receive_generic_xdp'] },
  words: 'by a program or filter (XDP, tc, cgroup, LSM)',
  meaning:
    'Not the kernel itself but what somebody loaded decided it: a network plugin that works with BPF (Cilium, Calico), a tc filter with the action drop, or a security module. Their reason is their own.',
  remedy:
    "Look at what is attached: tc filter show dev IFACE ingress (egress), ip -d link, bpftool net; then ask its owner, for Cilium cilium monitor --type drop. Drops of an XDP program in the network card's driver are not seen by the kernel.",
  source: 'Documentation/bpf/prog_cgroup_sockopt.rst, tc-bpf(8)',
});
