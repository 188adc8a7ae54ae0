import { dropKind } from '../kind.ts';

export const noRoute = dropKind({
  id: 'NT-DROP-004',
  title: 'Packets are dropped because there is no route',
  severity: 'warning',
  comesWithPods: true,
  reasons: ['IP_OUTNOROUTES', 'IP_INNOROUTES', 'IP_INADDRERRORS'],
  alsoIn: {
    NOT_SPECIFIED: ['ip_error', 'dst_discard', 'dst_discard_out', 'ip6_pkt_discard', 'ip6_pkt_prohibit'],
  },
  words: 'because there is no route for them',
  meaning:
    'No route leads to the destination, or one that says unreachable, blackhole or prohibit, or forwarding is off on the interface by which the packet came.',
  remedy:
    'In that namespace, look at what "ip route get ADDRESS" says, and at net.ipv4.conf.IFACE.forwarding (net.ipv6.conf.IFACE.forwarding); the routing check judges both.',
  source: 'Documentation/networking/ip-sysctl.rst (forwarding), ip-route(8)',
});
