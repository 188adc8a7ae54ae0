import { growth } from '../../../parsers/proc-net.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { quoteGrown } from '../path.ts';

const meta = {
  id: 'NT-FW-008',
  title: 'Connections break: connection tracking calls packets invalid',
  severities: ['warning', 'info'],
  meaning:
    'Connection tracking does not recognise packets of established connections (it was flushed, its entry timed out, or it saw only one direction), and a rule drops or resets them, or NAT leaves them alone so that the other side resets them. Long-lived connections break now and then.',
  rule: "In the run, conntrack's count of invalid packets in the target's namespace grew by at least 2, and so did EstabResets (warning). Less is what any busy host has: a late packet, a client that gave up (info).",
  source: 'kernel: Documentation/networking/nf_conntrack-sysctl.rst; Kubernetes issue 74839',
  remedy:
    'Do not reset what is invalid, drop it: nft … ct state invalid drop before any reject. Let tracking be lenient: sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1. See what is called invalid: conntrack -S, and sysctl net.netfilter.nf_conntrack_log_invalid=6.',
} as const;

const LEAST = 2;

export const invalidPackets: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => {
    const { before, after } = facts.counters;
    const resets = growth(before, after, 'Tcp.EstabResets') ?? 0;
    const invalid = facts.invalid ?? 0;
    if (invalid <= 0 || resets <= 0) return [];
    const isPattern = invalid >= LEAST && resets >= LEAST;
    return [
      occurrence(
        meta,
        isPattern ? 'warning' : 'info',
        `During the run, connection tracking called ${invalid} ${invalid === 1 ? 'packet' : 'packets'} invalid, and ${resets} established ${resets === 1 ? 'connection was' : 'connections were'} reset${isPattern ? '' : ': it may be chance, measure again'}.`,
        [
          ...(facts.conntrackResult
            ? [
                {
                  command: facts.conntrackResult.command,
                  excerpt: `invalid: ${invalid} more than before`,
                },
              ]
            : []),
          ...quoteGrown(facts, ['Tcp.EstabResets']),
        ],
      ),
    ];
  },
};
