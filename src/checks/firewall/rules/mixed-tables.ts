import { seenOf } from '../../shared/measured.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';

const meta = {
  id: 'NT-FW-007',
  title: 'Rules of legacy iptables and of nftables side by side',
  severities: ['warning'],
  meaning:
    'Both kinds of netfilter rules are in use in one network namespace, and each tool shows its own half only. A packet has to pass both, in an order that is easy to get wrong; agents that use different iptables versions undo each other without seeing it.',
  rule: 'iptables-legacy-save lists at least one rule, and iptables-save (nft) or nft at least one that drops or rejects, or any rule of iptables-nft.',
  source: 'ours; Kubernetes documentation, "iptables-nft and iptables-legacy", and xtables-nft(8)',
  remedy:
    'Use one kind: find who wrote the legacy rules (iptables-legacy-save), let that use the same iptables as the rest (update-alternatives --config iptables in its image), and flush what it left: iptables-legacy -F.',
} as const;

export const mixedTables: Rule<FirewallFacts> = {
  meta,
  judge: ({ rules }) => {
    const books = seenOf(rules);
    if (!books) return [];
    const { totals, quotes } = books;
    const count = (n: number): string => (rules.value ? String(n) : `at least ${n}`);
    const modern = totals.iptablesNft + totals.nft;
    if (totals.legacy === 0 || modern === 0) return [];
    return [
      occurrence(
        meta,
        'warning',
        `The target's network namespace has ${count(totals.legacy)} ${totals.legacy === 1 ? 'rule' : 'rules'} of legacy iptables and ${count(modern)} of nftables: each tool shows only its own.`,
        [...quote(quotes.legacy, /-A /, 2), ...(totals.iptablesNft > 0 ? quote(quotes.nft, /-A /, 2) : [])],
      ),
    ];
  },
};
