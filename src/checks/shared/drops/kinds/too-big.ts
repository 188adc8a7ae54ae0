import { dropKind } from '../kind.ts';

export const tooBig = dropKind({
  id: 'NT-DROP-011',
  title: 'Packets are dropped because they are too big',
  severity: 'info',
  reasons: ['PKT_TOO_BIG'],
  // Where only the route is narrower than the link (net/ipv6/ip6_output.c, fail_toobig; net/ipv4/ip_output.c).
  alsoIn: { NOT_SPECIFIED: ['ip6_fragment', 'ip_fragment'] },
  words: 'because they are too big for the link',
  meaning:
    'A packet that may not be fragmented is bigger than the MTU of the link that it has to leave by. The sender is told by ICMP and sends smaller ones, unless something drops that.',
  remedy:
    'A few at the beginning of a connection are how the path MTU is found. If they go on, the sender does not hear of it: the mtu check shows whether ICMP arrives, and which MTU fits.',
  source: 'RFC 1191, RFC 8201',
});
