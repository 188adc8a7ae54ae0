import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { parsePrefix } from '../../../parsers/ip-prefix.ts';
import { routeText } from '../../../parsers/ip-route.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { inTable, longestMatch } from '../../shared/lookup.ts';
import { quote } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-015',
  title: 'An ICMP redirect leads packets to a router that loses them',
  severities: ['critical'],
  meaning:
    'A router has told the kernel to take another router for one destination (ICMP redirect), and the kernel does so, against the routing table, for minutes after each such message. The other router forwards nothing, has no way back, or is gone. ip route show says nothing of it, and a restart of the container or a few minutes without traffic seem to mend it.',
  rule: 'ip route get says that the way to a destination is of the cache and redirected, and nothing came back from the destination in the run.',
  source:
    'RFC 1122, 3.2.2.2; kernel: Documentation/networking/ip-sysctl.rst (accept_redirects, secure_redirects)',
  remedy:
    'Let the kernel forget what it was told (ip route flush cache), and take no redirects: net.ipv4.conf.all.accept_redirects=0 and that of the interface. Then mend the router that sends them: it has a route by a neighbour of the same link (tcpdump icmp[0] = 5 shows who).',
  explains: { depth: 531, subject: [...LOST_PACKETS, 'NT-DNS-001', 'NT-SOCK-001'] },
} as const;

function judge(way: Way, { routes }: RoutingFacts): Occurrence[] {
  const hop = way.hop.value;
  if (hop?.route.outcome !== 'route' || !hop.route.isRedirected || way.answered !== false) return [];
  const { gateway, device } = hop.route;
  const address = parsePrefix(hop.address);
  const own =
    address &&
    longestMatch(
      address,
      inTable(routes ?? [], 'main').filter(({ family }) => family === address.family),
    );
  const instead = own ? ` The routing table has ${routeText(own)}.` : '';
  return [
    occurrence(
      meta,
      'critical',
      `Packets to ${way.destination.label} (${hop.address}) go to ${gateway ?? 'the link itself'} on ${device} since an ICMP redirect said so, and nothing comes back.${instead}`,
      quote(way.results.hop, / dev |^\s*cache /, 2),
      {
        subject: way.destination.label,
        remediation: advice`${meta.remedy}\n${onTarget('ip', 'route', 'flush', 'cache')}`,
      },
    ),
  ];
}

export const redirected: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => facts.ways.flatMap((way) => judge(way, facts)),
};
