/** NT-MTU-001, which the firewall check raises too. */
export const meta = {
  id: 'NT-MTU-001',
  title: 'MTU black hole: large packets vanish silently',
  severities: ['critical'],
  meaning:
    'A hop on this path takes smaller packets than the target sends, and the ICMP message that should tell it so (type 3 code 4, or ICMPv6 "packet too big") does not arrive. Connections open and then hang as soon as one side sends much: TLS handshakes, uploads and large answers stall, small requests work.',
  rule: 'Echo requests of full size with DF are lost (at least 5 of 5) while smaller ones are answered, and no ICMP about it arrives, unless TCP segments of full size get through; or a TCP connection gets small segments through and none of full size, with its retransmission timer backing off.',
  source: 'RFC 2923, section 2.1 (TCP problems with path MTU discovery); the limit of 576 bytes: RFC 791',
  remedy:
    'Let ICMP type 3 code 4 pass wherever it is dropped on the way back (security groups, firewalls, NAT gateways), or lower the MTU of the sender. Until then this keeps TCP going: sysctl net.ipv4.tcp_mtu_probing=1 on the sender, or clamp the MSS where packets are forwarded (nft … tcp flags syn tcp option maxseg size set rt mtu).',
  // Retransmissions are counted of the whole target, and its own full segments into the hole are among them.
  explains: { depth: 950, target: ['NT-LAT-003'], subject: ['NT-TLS', 'NT-PERF', 'NT-LAT-006'] },
} as const;
