/** NT-MTU-006, which the latency check and the tls check raise. */
export const meta = {
  id: 'NT-MTU-006',
  title: 'Large packets are lost on the way back',
  severities: ['critical'],
  meaning:
    'The server answers, and what fills a large packet does not get here: a link on the way back takes less, and the ICMP message that should tell the server so (type 3 code 4, or ICMPv6 "packet too big") does not get to it, or a device on the way drops large packets. Connections open, requests arrive and small answers come; pages, downloads and TLS handshakes hang. The way there may be all right: ping and uploads then show nothing.',
  rule: 'An HTTP answer, or a TLS handshake, does not come to its end in its time. The same is asked again, over connections whose SYN offers a smaller MSS, so that the server sends smaller packets: it comes whole with packets of at most 576 bytes, three times, the second and the third time within 3 s, and stalls for 4 s with those of the full size, three times (twice each where the time is up); the tries follow each other by turns. In between, by halves, sizes of tunnels are tried. What a healthy server sends is asked for once, as ever.',
  source: 'RFC 9293, section 3.7.1 (the MSS option); RFC 2923, section 2.1; RFC 791 (576 bytes)',
  remedy:
    'Let ICMP type 3 code 4 (ICMPv6 type 2) get to the server: its own firewall, security groups and NAT gateways; filters that let echo requests alone in are a common cause. Or lower the MTU of the server, or of its route to here, to what gets through. Until then: sysctl net.ipv4.tcp_mtu_probing=1 on the server, or clamp the MSS of both directions where packets are forwarded (nft … tcp flags syn tcp option maxseg size set rt mtu).',
  explains: { depth: 944, subject: ['NT-TLS', 'NT-LAT-006', 'NT-HTTP-003', 'NT-MTU-004'] },
} as const;
