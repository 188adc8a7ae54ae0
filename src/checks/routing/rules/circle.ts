import type { Finding } from '../../../model/report.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-011',
  title: 'Packets go round until their time to live is over',
  severities: ['critical'],
  meaning:
    'Routers on the way send the packets to each other: each has a route to the destination that leads by another one of them. Every packet is sent on until its time to live is over, and connections time out.',
  rule: 'Nothing comes from the destination itself, and a router says that the time to live of a packet was over (ICMP type 11 code 0; IPv6: type 3 code 0). Packets are sent with a time to live of 64; no way through a network is that long.',
  source: 'RFC 792; RFC 1812, 5.2.7.3; RFC 4443, 3.3; RFC 1700: a default time to live of 64',
  remedy:
    'See on the router that is named where its route leads (ip route get ADDRESS there), and the same on that next hop: one of them has to lead elsewhere, or to drop what nobody has (a blackhole route for the whole range). kubectl nettools run TARGET -- tracepath -n ADDRESS shows where the hops begin to repeat.',
  remedyOutside:
    'See on the router that is named where its route leads (ip route get ADDRESS there), and the same on that next hop: one of them has to lead elsewhere, or to drop what nobody has (a blackhole route for the whole range). tracepath -n ADDRESS shows where the hops begin to repeat.',
  explains: { depth: 572, subject: ALL_TRAFFIC },
} as const;

function judge(way: Way): Finding[] {
  const route = routeOf(way);
  if (!route || route.local || way.answered !== false) return [];
  const told = way.icmpErrors.find(({ kind }) => kind === 'expired');
  if (told === undefined) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} cannot be reached: packets to it go round between routers until their time to live is over, as ${told.sender} says (ICMP time exceeded).`,
      [
        ...quote(told.sentBy, /^From .*(Time to live exceeded|Time exceeded)|packets transmitted/, 2),
        ...quote(way.results.hop, / dev /, 1),
      ],
      { subject: way.destination.label },
    ),
  ];
}

export const circle: Rule<RoutingFacts> = { meta, judge: ({ ways }) => ways.flatMap(judge) };
