import { ALL_TRAFFIC } from '../effects.ts';

/** NT-ARP-003, which the firewall check raises too. */
export const meta = {
  id: 'NT-ARP-003',
  title: 'The neighbour table is full, or nearly',
  severities: ['warning', 'critical'],
  meaning:
    'The kernel keeps one neighbour table of IPv4, and one of IPv6, for all pods of a node. When one is full, hosts that are not in it cannot be reached: connections time out, ping says "No buffer space available", and the node\'s log "neighbor table overflow".',
  rule: 'Critical: table_fulls of arp_cache or ndisc_cache grew during the run. Warning: more entries than 80 % of gc_thresh3 (--table-share).',
  source: 'Linux: Documentation/networking/ip-sysctl.rst (neigh/default/gc_thresh3); 80 % is ours',
  remedy:
    'Raise the limits on the node: sysctl -w net.ipv4.neigh.default.gc_thresh1=4096 net.ipv4.neigh.default.gc_thresh2=8192 net.ipv4.neigh.default.gc_thresh3=16384 (net.ipv6.neigh.default where it is the table of IPv6), and keep it in /etc/sysctl.d. Then see who makes so many entries (a scan, a flat network of many pods): ip -s neigh on the node.',
  explains: { depth: 420, target: ['NT-ARP-001', 'NT-ARP-002', ...ALL_TRAFFIC] },
} as const;
