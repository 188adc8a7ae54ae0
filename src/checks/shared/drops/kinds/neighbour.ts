import { dropKind } from '../kind.ts';

export const neighbour = dropKind({
  id: 'NT-DROP-003',
  title: 'Packets are dropped because a neighbour does not answer',
  severity: 'warning',
  comesWithPods: true,
  reasons: ['NEIGH_FAILED', 'NEIGH_QUEUEFULL', 'NEIGH_CREATEFAIL', 'NEIGH_DEAD', 'NEIGH_HH_FILLFAIL'],
  alsoIn: { NOT_SPECIFIED: ['neigh_invalidate', 'arp_error_report', 'ndisc_error_report'] },
  words: 'because a neighbour does not answer (ARP, NDP)',
  meaning:
    'The next hop or the destination on the link did not answer ARP or neighbour discovery, so that there is no hardware address to send to; or the neighbour table is full (NEIGH_CREATEFAIL).',
  remedy:
    'Nobody has the address, its owner is down, or its link is another one: the arp check shows the entry and its interface. For a full table raise net.ipv4.neigh.default.gc_thresh3 (ipv6 likewise).',
  source: 'Documentation/networking/ip-sysctl.rst (neigh)',
});
