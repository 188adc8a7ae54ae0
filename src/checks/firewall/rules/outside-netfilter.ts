import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { isLedHere } from '../marked-way.ts';
import { nameOf, quoteReach } from '../path.ts';

const meta = {
  id: 'NT-FW-009',
  title: 'No rule here counted it: dropped elsewhere',
  severities: ['info'],
  meaning:
    "The packets were dropped in silence, and no rule of the target's own network namespace can have done it. It happens on the node (its firewall, or a BPF program, as Cilium has), on the way, or at the destination.",
  rule: 'NT-FW-001, the rules of the namespace could be read, no counter of a drop or reject rule moved, and no rule without a counter fits.',
  source: 'ours',
  remedy:
    'Look on the node: nft list ruleset with counters, before and after; tc filter show and bpftool net for BPF programs; with Cilium, cilium-dbg monitor --type drop.',
} as const;

export const outsideNetfilter: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.rules.value === undefined
      ? []
      : facts.paths
          .filter((p) => p.cause.kind === 'dropped' && p.hits.length === 0 && p.suspects.length === 0)
          .filter((p) => !isLedHere(p))
          .map((path) =>
            occurrence(
              meta,
              'info',
              `No netfilter rule of the target's own network namespace counted the packets to ${nameOf(path)}: they were dropped further on, or by something that is not a netfilter rule.`,
              quoteReach(path),
              { subject: path.destination.label },
            ),
          ),
};
