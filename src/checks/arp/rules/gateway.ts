import type { Finding } from '../../../model/report.ts';
import { occurrence, type Rule } from '../../rule.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { type ArpFacts, carries, type Hop, isUnanswered, wasHeard } from '../facts.ts';
import { linkNote, quoteHop } from '../quote-hop.ts';

const meta = {
  id: 'NT-ARP-001',
  title: 'The gateway does not answer',
  severities: ['critical', 'info'],
  meaning:
    'The router that the target sends everything to does not say which MAC address it has. Nothing leaves the link: connections fail after about three seconds with "No route to host", or time out.',
  rule: 'After it was provoked, the entry of a next hop that is a router is FAILED or INCOMPLETE. Or it is neither PERMANENT nor NOARP, two ARP requests get no answer, and no destination behind it answers. Where traffic through it was answered in the run, or its own ARP answer came, such an entry is of one moment: info.',
  source:
    'RFC 826; the states are those of Linux (include/uapi/linux/neighbour.h), an entry fails after three requests',
  remedy:
    "The other end of the pod's link is gone or not the router any more: see on the node whether the veth is up and in the right bridge (ip link, bridge link), and whether the bridge or the host end has the gateway's address (ip addr). Then restart the CNI agent on the node, or delete the pod so that its link is made again.",
  explains: { depth: 430, target: [...ALL_TRAFFIC, 'NT-RT-003', 'NT-RT-007'] },
  remedyOutside:
    "The other end of the link is gone or not the router any more: see whether it is up (a veth's other end: ip -d link, bridge link on the machine that has it), and whether it has the gateway's address (ip addr there). For hardware: the cable, the switch port and its VLAN; in a virtual machine or a cloud, its network and security settings.",
  scope: 'host',
} as const;

/** The kernel may still trust an old answer; then only the question counts. */
function isSilent(hop: Hop): boolean {
  if (hop.answers === undefined || hop.answers.skipped !== undefined || hop.answers.macs.length > 0)
    return false;
  const { state } = hop.entry ?? {};
  return state !== 'PERMANENT' && state !== 'NOARP' && !carries(hop);
}

function judge(facts: ArpFacts, hop: Hop): Finding[] {
  const failed = isUnanswered(hop);
  if (!hop.isGateway || !(failed || isSilent(hop))) return [];
  const behind = hop.users.filter((user) => !user.direct).map((user) => user.label);
  const needed =
    behind.length === 0 ? '' : `; ${behind.join(', ')} ${behind.length === 1 ? 'is' : 'are'} behind it`;
  if (failed && wasHeard(hop)) {
    return [
      occurrence(
        meta,
        'info',
        `The neighbour entry of the gateway ${hop.address} on ${hop.device} was ${hop.entry?.state} when it was read, though the gateway answered in the run: seen once, measure again.`,
        quoteHop(facts, hop),
      ),
    ];
  }
  const state = failed ? `its neighbour entry is ${hop.entry?.state}` : 'two ARP requests got no answer';
  return [
    occurrence(
      meta,
      'critical',
      `The gateway ${hop.address} on ${hop.device} does not answer: ${state}${needed}${linkNote(facts, hop)}.`,
      quoteHop(facts, hop),
    ),
  ];
}

export const gateway: Rule<ArpFacts> = {
  meta,
  judge: (facts) => facts.hops.flatMap((hop) => judge(facts, hop)),
};
