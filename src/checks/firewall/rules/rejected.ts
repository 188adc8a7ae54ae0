import { advice, kubectl } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { nameOf, quoteGrownIp, quoteIcmp, quoteReach } from '../path.ts';
import { policyClause } from '../policy-answer.ts';
import { senderText } from '../sender.ts';

const meta = {
  id: 'NT-FW-004',
  title: 'Rejected by a filter, not by the destination',
  severities: ['critical'],
  meaning:
    'The connection is refused, but by an ICMP message from a filter; the destination was never asked. kube-proxy does this for a Service without a ready endpoint, so look at NT-SVC-001 first; iptables REJECT and nft reject do it by default.',
  rule: 'The connection is refused, and ICMP 3/3 (port unreachable) about it arrives: for TCP from anybody (a kernel answers a closed TCP port with a reset), for UDP from another host than the destination. The socket of the probe is told (IP_RECVERR, Linux 5.9), or a listener hears it; where neither is so: refused, and InDestUnreachs grows.',
  source: 'RFC 792; iptables-extensions(8), REJECT',
  remedy: advice`For a Service, see whether it has a ready endpoint: ${kubectl`get endpointslices -l kubernetes.io/service-name=NAME`}. Else find the reject rule on the sender: nft list ruleset, iptables-save.`,
  explains: { depth: 830, subject: ['NT-LAT', 'NT-TLS'] },
} as const;

export const rejected: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) => {
      // Of a port that nobody asked for it says nothing: kube-proxy rejects all that a Service does not have.
      if (path.cause.kind !== 'rejected' || path.destination.anyPort) return [];
      const { sender } = path.cause;
      return [
        occurrence(
          meta,
          'critical',
          `${nameOf(path)} is refused by a filter: ICMP port unreachable from ${senderText(path, sender)}${policyClause(path.policy, facts.words)}.`,
          [
            ...quoteIcmp(path, facts),
            ...quoteReach(path),
            ...(sender === undefined ? quoteGrownIp(path, facts, 'Icmp.InDestUnreachs') : []),
          ],
          { subject: path.destination.label },
        ),
      ];
    }),
};
