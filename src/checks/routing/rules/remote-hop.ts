import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { meta } from '../../shared/metas/remote-hop.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type HeardError, nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

/** Who said it, and not the target itself. */
function sender(facts: RoutingFacts, way: Way): HeardError | undefined {
  const own = facts.interfaces?.flatMap((i) => i.addresses.map((a) => a.address)) ?? [];
  return way.icmpErrors.find((e) => e.kind === 'net' && !own.some((a) => sameAddress(a, e.sender)));
}

function judge(facts: RoutingFacts, way: Way): Occurrence[] {
  const route = routeOf(way);
  if (!route || route.local || way.answered !== false) return [];
  const told = sender(facts, way);
  const failed = way.tcp.value?.tries.some((t) => /^Network (is )?unreachable$/.test(t.error ?? ''));
  if (told === undefined && !failed) return [];
  const address = way.hop.value?.address ?? way.destination.host;
  const next = route.gateway === undefined ? '' : `, after the next hop ${route.gateway}`;
  const who =
    told === undefined
      ? `a router that did not name itself${next}`
      : sameAddress(told.sender, route.gateway ?? '')
        ? `the next hop ${told.sender}`
        : `the router ${told.sender}${next}`;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} cannot be reached: ${who} has no route to it (ICMP "network unreachable").`,
      [
        ...(told ? quote(told.sentBy, /^From .*(Net Unreachable|No route)|packets transmitted/, 2) : []),
        ...(failed ? quote(way.results.tcp, /nreachable$/, 1) : []),
        ...quote(way.results.hop, / dev /, 1),
      ],
      {
        subject: way.destination.label,
        ...(told
          ? {
              remediation: `Add the route on the host that has ${told.sender}: see there what "ip route get ${address}" says. Between nodes, look at what distributes the pod routes: the CNI agent on both nodes, its BGP sessions, or the cloud's route controller.`,
            }
          : {}),
      },
    ),
  ];
}

export const remoteHop: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => facts.ways.flatMap((way) => judge(facts, way)),
};
