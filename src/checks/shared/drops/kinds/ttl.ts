import { dropKind } from '../kind.ts';

export const ttl = dropKind({
  id: 'NT-DROP-010',
  title: 'Packets are dropped because their TTL ends',
  severity: 'info',
  reasons: ['IP_INHDR'],
  functions: ['ip_forward', 'ip6_forward'],
  words: 'because their TTL (hop limit) ended',
  meaning:
    'A packet came to a router with a TTL of 1: it goes in a circle between routers, has passed too many, or was sent by a traceroute, which wants this.',
  remedy:
    'If nobody traces routes: the routing check looks for circles; compare the routes of both nodes to the destination.',
  source: 'RFC 1812, 5.3.1',
});
