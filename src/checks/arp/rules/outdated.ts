import type { Occurrence } from '../../../model/finding.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, carries, entryText, gatewayMacs, type Hop, ownMacs } from '../facts.ts';
import { quoteHop, quoteUsers } from '../quote-hop.ts';

const meta = {
  id: 'NT-ARP-008',
  title: 'A neighbour entry was out of date',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'The target had a MAC address for a neighbour that another one answers for: what it sent went to the old one, and was lost there, or was taken by the wrong host. An address moves when a virtual IP (VRRP, keepalived, kube-vip, MetalLB) changes hands, a container or machine comes back with another MAC address, or a bridge takes that of another port. The new owner should say so by a gratuitous ARP; where it does not, or nobody hears it, each neighbour sends astray until its entry runs out, which takes Linux up to half a minute and routers minutes to hours. The run itself has made the kernel ask again: it is over for this target, and comes back with the next move.',
  rule: 'The entry of a next hop or of an on-link destination had a MAC address before the probes, and afterwards the kernel has another one, or another one alone answers ARP. A warning where the old one was in use (REACHABLE, DELAY, PROBE); critical where nothing came back that way in the run; an info where it had not been used lately (STALE). PERMANENT entries are told of by NT-ARP-002, two hosts that both answer by NT-ARP-004.',
  source:
    'RFC 5227, section 3 (announcing); kernel: Documentation/networking/ip-sysctl.rst (arp_accept, base_reachable_time_ms)',
  remedy:
    'Find the old owner by its MAC address (ip neigh, bridge fdb), and see that it has given the address up. Let who takes an address announce it: keepalived garp_master_delay, garp_master_repeat and garp_master_refresh; by hand: arping -U -I DEVICE ADDRESS. Give a bridge a MAC address of its own (ip link set br0 address …), so that it does not change with its ports. On routers lower the ARP time-out. Neighbours that send astray now: ip neigh flush ADDRESS there.',
  explains: { depth: 547, subject: ALL_TRAFFIC },
} as const;

const IN_USE: ReadonlySet<string> = new Set(['REACHABLE', 'DELAY', 'PROBE']);

/** Who has the address in place of the one that the entry named; `undefined`: nobody else, or it is not known. */
function successor(facts: ArpFacts, { before, entry, answers }: Hop): string | undefined {
  const old = before?.mac;
  if (old === undefined || before?.state === 'PERMANENT' || before?.state === 'NOARP') return undefined;
  // Both of them answer: that is an address used twice, or one that a router answers for as well (proxy ARP).
  if (answers?.macs.includes(old) || ownMacs(facts).has(old)) return undefined;
  if (entry?.mac !== undefined && entry.mac !== old && entry.state !== 'FAILED') return entry.mac;
  return answers?.macs.length === 1 ? answers.macs[0] : undefined;
}

function judge(facts: ArpFacts, hop: Hop): Occurrence[] {
  const { before, entry } = hop;
  const heir = successor(facts, hop);
  if (heir === undefined || before?.mac === undefined) return [];
  if (!hop.isGateway && gatewayMacs(facts).has(before.mac)) return [];
  const isLost = !carries(hop) && hop.users.some((user) => user.answered === false && !user.virtual);
  const wasUsed = IN_USE.has(before.state);
  if (!isLost && !wasUsed && before.state !== 'STALE') return [];
  const who = hop.isGateway ? `the gateway ${hop.address}` : nameOf(hop);
  const end =
    entry?.mac === heir
      ? 'the run made the kernel ask again, and it is right now'
      : `the kernel has ${entry?.mac ?? 'no MAC address'} for it still`;
  return [
    occurrence(
      meta,
      isLost ? 'critical' : wasUsed ? 'warning' : 'info',
      `When the run began, the target had ${before.mac} on ${hop.device} for ${who} (${before.state}), and ${heir} has that address: what was sent there ${wasUsed ? 'went' : 'would have gone'} to the wrong host; ${end}.`,
      [
        ...(facts.results.neighboursBefore === undefined
          ? []
          : [{ command: facts.results.neighboursBefore.command, excerpt: entryText(before) }]),
        ...quoteHop(facts, hop),
        ...quoteUsers(hop),
      ],
      hop.isGateway ? {} : { subject: hop.users[0]?.label ?? hop.address },
    ),
  ];
}

function nameOf({ users, address }: Hop): string {
  const label = users[0]?.label ?? address;
  return label.includes(address) ? label : `${label} (${address})`;
}

export const outdated: Rule<ArpFacts> = {
  meta,
  judge: (facts) => facts.hops.flatMap((hop) => judge(facts, hop)),
};
