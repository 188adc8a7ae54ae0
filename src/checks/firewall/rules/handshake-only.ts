import { formatMs } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { isLedHere, wayClause } from '../marked-way.ts';
import { nameOf, quoteGrown, quoteReach, quoteSocket } from '../path.ts';

const meta = {
  id: 'NT-FW-013',
  title: 'Connections open, and nothing that is sent afterwards arrives',
  severities: ['critical'],
  meaning:
    'The handshake succeeds, and not even a byte that follows it is acknowledged: clients connect and then hang. Its size is not the cause, small packets and large ones are lost alike. Mostly a router or firewall on the way tracks connections and sees one direction only, since the answers come back past it (asymmetric routing, two routers, a server with a second interface on the network of the client): it has not seen the answer to the SYN, calls the next packet of the client invalid, and drops it. Or a load balancer answers the SYN itself, and what it hands the connection to is not reached.',
  rule: "A TCP connect to a destination that was asked for succeeds; then a single byte, or a request of fewer than 576, is not acknowledged while its retransmission timer backs off at least twice, and the handshake's round trip took less than 500 ms.",
  source:
    'kernel: Documentation/networking/nf_conntrack-sysctl.rst (nf_conntrack_tcp_loose, nf_conntrack_tcp_be_liberal), nf_conntrack_proto_tcp.c; RFC 791 (576 bytes)',
  remedy:
    'Compare the two ways: ip route get TARGET-ADDRESS on the destination, and the route here. Where they differ, lead the answers back by the router that the requests pass (a route or a routing rule by source address on the destination), or let that router put its own address on what it forwards (masquerade). To see that it is so, look on the routers on the way: conntrack -S (invalid grows), and rules with "ct state invalid drop" or --ctstate INVALID that count, also those of kube-proxy and of the network plugin.',
  explains: {
    depth: 952,
    target: ['NT-LAT-003'],
    subject: ['NT-LAT', 'NT-TLS', 'NT-PERF', 'NT-HTTP-001', 'NT-HTTP-003'],
  },
} as const;

export const handshakeOnly: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) => {
      const { cause, socket, hits } = path;
      if (cause.kind !== 'stalled' || !cause.isDeaf || socket === undefined || isLedHere(path)) return [];
      // A rule of the target's own that counted it is named (NT-FW-005).
      if (hits.length > 0) return [];
      return [
        occurrence(
          meta,
          'critical',
          `The connection to ${nameOf(path)} opens in ${formatMs(socket.rtt ?? 0)}, and nothing that is sent afterwards is acknowledged, not even one byte (${socket.retransmits} retransmissions): whoever tracks connections on the way sees one direction of it only, or drops what follows the handshake${wayClause(path)}.`,
          [...quoteSocket(path, facts), ...quoteReach(path), ...quoteGrown(facts, ['Tcp.RetransSegs'])],
          { subject: path.destination.label },
        ),
      ];
    }),
};
