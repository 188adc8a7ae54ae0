import { removeRule } from '../../shared/remove-rule.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RuleHit } from '../../shared/rule-hits.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-FW-005',
  title: 'The rule that stops it',
  severities: ['critical'],
  meaning:
    "A rule of the target's own network namespace stops what it sends, or the answers: its counter moved in step with the probe. Or, of a namespace of this machine (netns:, an LXC or systemd-nspawn container), a rule or a policy of the machine's own, through which its packets go, or one of another namespace of the machine, which has DEST's address.",
  rule: "The connection failed in a way that a rule can cause, and meanwhile the packet counter of a rule with verdict drop or reject (or of a chain's policy) grew, in nft, iptables-nft or iptables-legacy, and no condition of the rule that can be read speaks against the probe's packets. Of the machine's own rules: its next hop is an address of this machine, and a connection of IPv4 from there to DEST certainly ends at a rule or a policy of FORWARD (or INPUT) that drops or rejects, whose counter grew. Of another namespace's: DEST is on the target's own link and silent, exactly one namespace of this machine has its address and the MAC address that answers ARP for it, and the connection, or what answers it, certainly ends at a rule or policy there that drops.",
  source: 'nft(8), counter statement; iptables(8), -c',
  remedy:
    'Find who makes the rule (an init container, a sidecar, the CNI plugin, a node agent) and change it there.',
  explains: {
    depth: 710,
    subject: [
      'NT-PATH',
      'NT-FW-001',
      'NT-FW-002',
      'NT-FW-003',
      'NT-FW-004',
      'NT-FW-009',
      'NT-LAT',
      'NT-DNS-001',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-SYS-004',
      'NT-TLS',
    ],
  },
} as const;

const SIDES = {
  output: 'what the target sends',
  input: 'the answers',
  unknown: 'its packets',
} as const;

const NAMES = {
  nft: 'nftables',
  'iptables-nft': 'iptables (nft)',
  'iptables-legacy': 'iptables (legacy)',
} as const;

function judge(path: PathFacts) {
  // The nearest to the sender stops a packet first; what it lets through another may stop.
  const [hit] = [...path.hits].sort((a, b) => order(a) - order(b));
  if (!hit) return [];
  return [
    occurrence(
      meta,
      'critical',
      `A rule of ${NAMES[hit.rule.source]} stops ${SIDES[hit.direction]} on the way to ${nameOf(path)}: it counted ${hit.packets} ${hit.packets === 1 ? 'packet' : 'packets'} during the probe (${seen(path)}): ${hit.rule.text}`.replace(
        /\.?$/,
        '.',
      ),
      [
        ...(hit.result
          ? [
              {
                command: hit.result.command,
                excerpt: `${hit.rule.text}\n${hit.packets} more packets than before`,
              },
            ]
          : []),
        ...quoteReach(path),
      ],
      { subject: path.destination.label, remediation: removeRule(hit.rule) ?? meta.remedy },
    ),
  ];
}

function order({ direction }: RuleHit): number {
  return direction === 'output' ? 0 : direction === 'input' ? 1 : 2;
}

export const ruleHit: Rule<FirewallFacts> = { meta, judge: ({ paths }) => paths.flatMap(judge) };
