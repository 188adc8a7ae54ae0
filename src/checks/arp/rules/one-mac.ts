import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, entryText, proxies } from '../facts.ts';
import { quoteHop } from '../quote-hop.ts';

const meta = {
  id: 'NT-ARP-005',
  title: 'One host answers for many addresses',
  severities: ['warning'],
  meaning:
    'A host on the link that is not the gateway answers ARP for addresses that are not its own: proxy ARP or forwarding switched on by mistake, a virtual router, or someone who wants to read the traffic. What is sent to those addresses goes through that host.',
  rule: "At least 3 addresses have the same MAC address, at least one of them was asked for or is another pod's, and the MAC is neither a gateway's (proxy ARP, as CNI plugins use it) nor the target's own (ipvlan).",
  source: 'ours; RFC 1027 describes proxy ARP',
  remedy:
    'Find the host by its MAC address (ip neigh and bridge fdb on the node), and see there: sysctl net.ipv4.conf.all.proxy_arp net.ipv4.conf.all.proxy_arp_pvlan, ip neigh show proxy.',
} as const;

export const oneMac: Rule<ArpFacts> = {
  meta,
  judge: (facts) =>
    [...proxies(facts)].flatMap(([mac, addresses]): Occurrence[] => {
      const hops = facts.hops.filter((hop) => addresses.has(hop.address));
      const [first] = hops;
      if (first === undefined) return [];
      const users = hops.flatMap((hop) =>
        hop.isGateway ? [`the gateway ${hop.address}`] : hop.users.map((u) => u.label),
      );
      const entries = (facts.neighbours ?? []).filter((n) => n.mac === mac).map(entryText);
      const table = facts.results.neighbours;
      return [
        occurrence(
          meta,
          'warning',
          `${mac} on ${first.device} answers for ${addresses.size} addresses, ${users.join(', ')} among them, and is not the gateway's.`,
          [
            ...(table && entries.length > 0
              ? [{ command: table.command, excerpt: entries.slice(0, 6).join('\n') }]
              : []),
            ...quoteHop({ ...facts, results: { ...facts.results, neighbours: undefined } }, first),
          ],
        ),
      ];
    }),
};
