import type { Occurrence } from '../../../model/finding.ts';
import { meta } from '../../shared/metas/circle.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

function judge(way: Way): Occurrence[] {
  const route = routeOf(way);
  if (!route || route.local || way.answered !== false) return [];
  const told = way.icmpErrors.find(({ kind }) => kind === 'expired');
  if (told === undefined) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} cannot be reached: packets to it loop between routers until their time to live expires, as ${told.sender} says (ICMP time exceeded).`,
      [
        ...quote(told.sentBy, /^From .*(Time to live exceeded|Time exceeded)|packets transmitted/, 2),
        ...quote(way.results.hop, / dev /, 1),
      ],
      { subject: way.destination.label },
    ),
  ];
}

export const circle: Rule<RoutingFacts> = { meta, judge: ({ ways }) => ways.flatMap(judge) };
