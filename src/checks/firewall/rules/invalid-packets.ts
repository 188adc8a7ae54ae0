import { growth } from '../../../parsers/proc-net.ts';
import { occurrence, type Rule } from '../../rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { quoteGrown } from '../path.ts';

const meta = {
  id: 'NT-FW-008',
  title: 'Connections break: connection tracking calls packets invalid',
  severities: ['warning'],
  meaning:
    'Connection tracking does not know packets of connections that are established (it was flushed, its entry timed out, or it saw only one direction), and a rule drops or resets them, or NAT leaves them alone so that the other side resets them. Long-lived connections die now and then.',
  rule: "In the run, conntrack's count of invalid packets in the target's namespace grew, and so did EstabResets.",
  source: 'kernel: Documentation/networking/nf_conntrack-sysctl.rst; Kubernetes issue 74839',
  remedy:
    'Do not reset what is invalid, drop it: nft … ct state invalid drop before any reject. Let tracking be lenient: sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1. See what is called invalid: conntrack -S, and sysctl net.netfilter.nf_conntrack_log_invalid=6.',
} as const;

export const invalidPackets: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => {
    const { before, after } = facts.counters;
    const resets = growth(before, after, 'Tcp.EstabResets') ?? 0;
    if ((facts.invalid ?? 0) <= 0 || resets <= 0) return [];
    return [
      occurrence(
        meta,
        'warning',
        `In the run, connection tracking called ${facts.invalid} packets invalid, and ${resets} established ${resets === 1 ? 'connection was' : 'connections were'} reset.`,
        [
          ...(facts.conntrackResult
            ? [
                {
                  command: facts.conntrackResult.command,
                  excerpt: `invalid: ${facts.invalid} more than before`,
                },
              ]
            : []),
          ...quoteGrown(facts, ['Tcp.EstabResets']),
        ],
      ),
    ];
  },
};
