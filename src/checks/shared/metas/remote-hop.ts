import { ALL_TRAFFIC } from '../effects.ts';

/** NT-RT-007, which the firewall check raises too. */
export const meta = {
  id: 'NT-RT-007',
  title: 'A router on the way lacks the route',
  severities: ['critical'],
  meaning:
    'The target has a route and sends, but a router further on has none: it answers with ICMP 3/0, "network unreachable", and connections fail at once. Between nodes this is a missing route to the other node\'s pod network.',
  rule: 'Nothing comes from the destination itself, the target has a route to it, and an ICMP error of type 3 code 0 (IPv6: type 1 code 0) comes from another host, or connect() fails with "Network is unreachable".',
  source: 'RFC 792 and RFC 1812, 5.2.7.1; RFC 4443, 3.1',
  remedy:
    "Add the route on the router that is named: see its table (ip route get ADDRESS there). Between nodes, look at what distributes the pod routes: the CNI agent on both nodes, its BGP sessions, or the cloud's route controller.",
  explains: { depth: 570, subject: ALL_TRAFFIC },
  remedyOutside: 'Add the route on the router that is named: see its table (ip route get ADDRESS there).',
} as const;
