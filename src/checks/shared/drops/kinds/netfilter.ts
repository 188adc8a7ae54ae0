import { dropKind } from '../kind.ts';

export const netfilter = dropKind({
  id: 'NT-DROP-001',
  title: 'Netfilter drops packets',
  severity: 'info',
  reasons: ['NETFILTER_DROP'],
  words: 'by a rule of netfilter',
  meaning:
    'A rule of iptables or nftables dropped or rejected the packet, or a chain whose policy is drop: a NetworkPolicy, a host firewall, or rules that somebody forgot. It is meant as often as not.',
  remedy:
    'The firewall check names the rule: run it from the sender with --to. For a NetworkPolicy, compare its rules with the labels of both pods.',
  source: 'nft(8), iptables(8)',
});
