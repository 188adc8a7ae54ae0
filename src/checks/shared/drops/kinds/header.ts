import { dropKind } from '../kind.ts';

export const header = dropKind({
  id: 'NT-DROP-015',
  title: 'Packets with a header that cannot be are dropped',
  severity: 'warning',
  reasons: [
    ...[
      'IP_INHDR',
      'PKT_TOO_SMALL',
      'HDR_TRUNC',
      'DEV_HDR',
      'INVALID_PROTO',
      'IPV6_BAD_EXTHDR',
      'SKB_GSO_SEG',
    ],
    ...['IPV6_TOO_MANY_EXTHDRS', 'IPV6_NDISC_FRAG', 'IPV6_NDISC_HOP_LIMIT', 'IPV6_NDISC_BAD_CODE'],
    ...['IPV6_NDISC_BAD_OPTIONS', 'SKB_BAD_GSO'],
    ...['IP_LOCAL_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET', 'IP_INVALID_DEST', 'MAC_INVALID_SOURCE'],
  ],
  words: 'because their header cannot be',
  meaning:
    'The header is cut off or contradicts itself, or an address in it cannot come from outside: the own one of the receiver, one of the loopback network, a multicast sender.',
  remedy:
    'IP_LOCAL_SOURCE: another host has the same address, or a packet comes back to who sent it. IP_LOCALNET: a rule sends traffic to 127.0.0.0/8 without route_localnet. Otherwise capture it on that interface: the sender or a tunnel is broken.',
  source: 'RFC 1122, 3.2.1.3; Documentation/networking/ip-sysctl.rst (accept_local, route_localnet)',
});
