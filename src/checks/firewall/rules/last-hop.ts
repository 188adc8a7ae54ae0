import { occurrence, type Rule } from '../../rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { nameOf, quoteGrown, quoteIcmp, quoteReach, seen } from '../path.ts';
import { senderText } from '../sender.ts';

const meta = {
  id: 'NT-FW-011',
  title: 'The last router finds nobody at the address',
  severities: ['critical'],
  meaning:
    "Packets get as far as the router of the destination's own network, and there nobody answers ARP for the address: the host is down, its address is wrong or old, or its link is cut. No firewall has a part in it.",
  rule: 'The connection fails with "No route to host", and ICMP 3/1 (host unreachable) about the destination arrives from another host; where nothing may listen for ICMP, it fails only after 1.5 s or more while the own neighbour answers.',
  source:
    'RFC 1812, 5.2.7.1; the kernel gives a neighbour up after three requests, a second apart (RFC 4861, 7.2.2)',
  remedy:
    'See whether the destination is up and still has this address (kubectl get pods -A -o wide | grep ADDRESS). On the router that is named: ip neigh show to ADDRESS.',
} as const;

export const lastHop: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) => {
      if (path.cause.kind !== 'no-host-there') return [];
      const { sender } = path.cause;
      return [
        occurrence(
          meta,
          'critical',
          `Nobody has ${path.address} on its own network: ${senderText(path, sender)} found no host for ${nameOf(path)} (connecting fails with ${seen(path)}).`,
          [
            ...quoteIcmp(path, facts),
            ...quoteReach(path),
            ...(sender === undefined ? quoteGrown(facts, ['Icmp.InDestUnreachs']) : []),
          ],
          { subject: path.destination.label },
        ),
      ];
    }),
};
