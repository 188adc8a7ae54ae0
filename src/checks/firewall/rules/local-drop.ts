import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { removeRule } from '../../shared/remove-rule.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts } from '../facts.ts';
import { isLedHere, wayClause } from '../marked-way.ts';
import { nameOf, quoteGrown, quoteReach, quoteSocket, seen } from '../path.ts';

const meta = {
  id: 'NT-FW-002',
  title: 'Dropped by the target itself, on its way out',
  severities: ['critical'],
  meaning:
    "A filter in the target's own network namespace takes what it sends (an OUTPUT rule, say, or one that a service mesh or a kill switch left there). Nothing leaves, so no other host is involved.",
  rule: 'The kernel fails to send the packet: for TCP, SYN was sent again and each time failed locally (no retransmission is in flight, or TCPRetransFail grows as much as TCPSynRetrans); for UDP, the write says "Operation not permitted". Or it is refused, and a reject rule in OUTPUT without a counter asks for nothing that the packet is not.',
  source: 'kernel: __tcp_retransmit_skb in net/ipv4/tcp_output.c; nf_hook_slow returns EPERM for a drop',
  remedy: advice`Find the rule: ${nettools`run ${TARGET} -- nft list ruleset`}, and iptables-legacy-save -c. Then find who makes it (an init container, a sidecar, the CNI plugin) and change it there.`,
  explains: {
    depth: 730,
    subject: [
      'NT-PATH',
      'NT-LAT',
      'NT-DNS-001',
      'NT-FW-001',
      'NT-FW-003',
      'NT-FW-004',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-TLS',
    ],
  },
} as const;

/** Something answered that it is prohibited; that may be the target's own rules. */
function isTold({ kind }: Cause): boolean {
  return kind === 'refused' || kind === 'rejected' || kind === 'prohibited';
}

export const localDrop: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) => {
      const [suspect] = path.suspects;
      const isRejected = isTold(path.cause) && suspect !== undefined;
      if ((path.cause.kind !== 'dropped-here' && !isRejected) || isLedHere(path)) return [];
      const rule = suspect === undefined ? '' : `; this rule fits and counts nothing: ${suspect.text}`;
      const how = isRejected
        ? `connecting fails with ${seen(path)}`
        : path.destination.protocol === 'udp'
          ? 'sending fails with "Operation not permitted"'
          : `none of ${path.socket?.retransmits ?? 'its'} retransmissions could be sent`;
      return [
        occurrence(
          meta,
          'critical',
          `What the target sends to ${nameOf(path)} is ${isRejected ? 'rejected' : 'dropped'} in its own network namespace: ${how}${rule}${wayClause(path)}.`,
          [
            ...quoteReach(path),
            ...quoteSocket(path, facts),
            ...(isRejected || path.destination.protocol === 'udp'
              ? []
              : quoteGrown(facts, ['TcpExt.TCPSynRetrans', 'TcpExt.TCPRetransFail'])),
          ],
          {
            subject: path.destination.label,
            remediation: (suspect && removeRule(suspect)) ?? meta.remedy,
          },
        ),
      ];
    }),
};
