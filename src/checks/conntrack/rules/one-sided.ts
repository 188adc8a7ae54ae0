import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ConntrackFacts, grown } from '../facts.ts';
import type { OneSided } from '../one-sided.ts';
import { statsQuote } from './pressure.ts';

const meta = {
  id: 'NT-CT-008',
  title: 'Answers are dropped whose questions went another way',
  severities: ['critical'],
  meaning:
    'Connections are answered by way of this place, and were not asked by it: the routes of the two directions differ (two routers or nodes, a load balancer that leads to one node and answers that leave by another, a VPN beside a default route). Connection tracking has not seen the SYN, calls the answer invalid, and a rule drops what is invalid: kube-proxy has one in KUBE-FORWARD, firewalls have it by habit. The client sees silence, and the server sends its answer again and again.',
  rule: "conntrack's count of invalid packets grew in the run, and a rule in the way of forwarded packets drops what is invalid (one that counts grew in the run; of a network namespace, has counted). Then, in 4 s of listening, the same SYN-ACK came in at least twice for an address that is not the target's own, none of it went out, and no SYN of that connection passed.",
  source:
    'kernel: nf_conntrack_proto_tcp.c (a SYN-ACK without a SYN opens nothing); RFC 6298 (it is sent again after 1 s at the latest); kubernetes/kubernetes#94861',
  remedy:
    'Lead both directions by one place: compare ip route get CLIENT on the server (and on the routers that follow) with the way that the client takes, and set the route, or a routing rule by source address, where they part. Or let the place that the questions pass put its own address on them (masquerade), so that answers come back there. Where both ways are wanted, what is invalid must not be dropped: kube-proxy writes no such rule with conntrack.tcpBeLiberal (--conntrack-tcp-be-liberal); of a firewall, take the flow out of tracking (notrack) before the rule.',
  explains: { depth: 974, target: ['NT-FW-008'] },
} as const;

function whoText({ answers: [first], answers, count }: OneSided): string {
  const more = answers.length - 1;
  const others =
    more === 0 ? '' : `, as are the answers of ${more} more ${more === 1 ? 'connection' : 'connections'}`;
  return `What ${first?.from} answers ${first?.to} comes by ${first?.device} and is dropped here${others}: ${count} SYN-ACKs came in 4 s, none went on, and no SYN of theirs passed`;
}

function ruleText({ rule: { rule, packets } }: OneSided): string {
  return packets === undefined
    ? `and a rule drops those: ${rule.text}`
    : `and a rule dropped ${packets}: ${rule.text}`;
}

export const oneSided: Rule<ConntrackFacts> = {
  meta,
  judge: (facts) => {
    const { oneSided: found } = facts;
    if (found === undefined) return [];
    return [
      occurrence(
        meta,
        'critical',
        `${whoText(found)}. The questions go another way, so connection tracking calls the answers invalid (${grown(facts, 'invalid')} packets in the run), ${ruleText(found)}.`,
        [
          { command: found.result.command, excerpt: found.lines.slice(0, 4).join('\n').slice(0, 600) },
          ...statsQuote(facts, ['invalid']),
        ],
      ),
    ];
  },
};
