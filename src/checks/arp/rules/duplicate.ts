import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, gatewayMacs, type Hop, ownMacs, proxies } from '../facts.ts';
import { quoteHop } from '../quote-hop.ts';

const meta = {
  id: 'NT-ARP-004',
  title: 'An address is used twice',
  severities: ['critical', 'warning'],
  meaning:
    "Two hosts on the link claim the same address. Whichever answered last gets the packets: connections work and break by turns, and are reset, as neither host knows the other's connections. One host with two interfaces on the link looks alike: Linux answers for an address on each of its interfaces (arp_ignore=0), and traffic may take the wrong one.",
  rule: "Another MAC address than the target's answers to an ARP probe for one of the target's own addresses (arping -D); or two MAC addresses answer for a next hop; or the kernel's IPv6 duplicate address detection failed. Answers in another's place (proxy ARP of the gateway; NT-ARP-005) do not count. Where the same MAC addresses answer for two next hops, it is one host with several interfaces: warning.",
  source: 'RFC 5227, 2.1.1; RFC 4862, 5.4',
  remedy: advice`Find the other owner by its MAC address: ip neigh and bridge fdb on the node tell the port, ${kubectl`get pods -A -o wide`} a pod with the same IP. Addresses are assigned twice when a node's IPAM state was lost or restored, or when someone set an address by hand.`,
  explains: { depth: 410, target: ['NT-ARP-001', 'NT-ARP-002', ...ALL_TRAFFIC], subject: ['NT-RT-002'] },
  remedyOutside:
    'Find the other owner by its MAC address: ip neigh and bridge fdb, or the switch, tell the port. Addresses are given twice when a DHCP lease or an IPAM state was lost, a machine was cloned, or somebody set an address by hand.',
} as const;

/** ip-sysctl: by default an interface answers for the addresses of all others. */
const FLUX_REMEDY =
  'On that host let each interface answer for its own addresses only: sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2. Two interfaces in one subnet need routes by source, a bond, or one of them taken off.';

/** What they may be besides, and what would decide: the other address of one of them, where the table has it. */
function elsewhereText({ neighbours }: ArpFacts, hop: Hop, macs: readonly string[]): string {
  const other = neighbours?.find(
    ({ mac, address, device }) =>
      device === hop.device &&
      address !== hop.address &&
      !address.includes(':') &&
      macs.some((one) => one === mac),
  );
  const which =
    other === undefined ? 'another address of it' : `${other.address}, which ${other.mac} has too,`;
  return `; one host with two interfaces on this link looks alike: name ${which} as a DEST beside it to tell the two apart`;
}

function own(facts: ArpFacts): Occurrence[] {
  // Whoever answers may be the gateway or the target itself.
  if (facts.hostsUnknown !== undefined) return [];
  const known = gatewayMacs(facts);
  const mine = ownMacs(facts);
  return (facts.own.value ?? []).flatMap(({ address, device, answers }) => {
    const others = answers.macs.filter((mac) => !known.has(mac) && !mine.has(mac));
    if (others.length === 0) return [];
    return [
      occurrence(
        meta,
        'critical',
        `The target's own address ${address} on ${device} is used by another host too: ${others.join(' and ')} answers for it.`,
        quote(facts.results.own, /reply from/i, 3).map((one) => ({
          ...one,
          command: ['arping', '-D', '-c', '2', '-I', device, address],
        })),
        askedFor(facts, address),
      ),
    ];
  });
}

/** The DEST that asks for this address. What refuses to send there follows from it: the kernel leads nobody to such an address. */
function askedFor({ ways }: ArpFacts, address: string): { readonly subject?: string } {
  const way = ways.find(({ hop }) => hop.value !== undefined && sameAddress(hop.value.address, address));
  return way === undefined ? {} : { subject: way.destination.label };
}

/** The link-local address that the kernel makes of a MAC address (RFC 4291, appendix A). */
function isMadeOf(address: string, mac: string | undefined): boolean {
  const bytes = mac?.split(':').map((byte) => Number.parseInt(byte, 16)) ?? [];
  if (bytes.length !== 6 || bytes.some(Number.isNaN)) return false;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return address.toLowerCase() === `fe80::${groups.map((group) => group.toString(16)).join(':')}`;
}

function dadFailed(facts: ArpFacts): Occurrence[] {
  return (facts.interfaces ?? []).flatMap(({ name, mac, addresses }) =>
    addresses
      .filter((address) => address.dadFailed)
      .map(({ address, prefixLength }) =>
        occurrence(
          meta,
          'critical',
          `The kernel does not use ${address} on ${name}: another host on the link has it (dadfailed)${isMadeOf(address, mac) ? `. It is made of the MAC address of ${name}, ${mac}: that host has the same MAC address, and a bridge or switch sends what is meant for one of the two to the other` : ''}.`,
          [
            {
              command: facts.results.interfaces?.command ?? [],
              excerpt: `inet6 ${address}/${prefixLength} dev ${name} dadfailed`,
            },
          ],
          askedFor(facts, address),
        ),
      ),
  );
}

function neighbour(facts: ArpFacts, hop: Hop): Occurrence[] {
  if (facts.hostsUnknown !== undefined) return [];
  const known = gatewayMacs(facts);
  const many = proxies(facts);
  const macs = (hop.answers?.macs ?? []).filter(
    (mac) => (hop.isGateway || !known.has(mac)) && !many.has(mac),
  );
  if (macs.length < 2) return [];
  const twin = facts.hops.find(
    (other) => other !== hop && macs.every((mac) => other.answers?.macs.includes(mac)),
  );
  const label = hop.isGateway ? `the gateway ${hop.address}` : `${hop.users[0]?.label} (${hop.address})`;
  const subject = hop.isGateway ? {} : { subject: hop.users[0]?.label ?? hop.address };
  if (twin)
    return [
      occurrence(
        meta,
        'warning',
        `${macs.join(' and ')} on ${hop.device} all answer for ${label}, and for ${twin.address} too: it is one host with ${macs.length} interfaces on this link, each of which answers for all of its addresses.`,
        [...quoteHop(facts, hop), ...quoteHop(facts, twin)],
        { ...subject, remediation: FLUX_REMEDY },
      ),
    ];
  return [
    occurrence(
      meta,
      'critical',
      `${macs.length} hosts on ${hop.device} claim to be ${label}: ${macs.join(' and ')}${elsewhereText(facts, hop, macs)}.`,
      quoteHop(facts, hop),
      subject,
    ),
  ];
}

export const duplicate: Rule<ArpFacts> = {
  meta,
  judge: (facts) => [
    ...own(facts),
    ...dadFailed(facts),
    ...facts.hops.flatMap((hop) => neighbour(facts, hop)),
  ],
};
