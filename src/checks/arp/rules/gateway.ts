import type { Occurrence } from '../../../model/finding.ts';
import { meta } from '../../shared/metas/silent-gateway.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, carries, type Hop, isUnanswered, wasHeard } from '../facts.ts';
import { linkNote, quoteHop } from '../quote-hop.ts';

/** The kernel may still trust an old answer; then only the question counts. */
function isSilent(hop: Hop): boolean {
  if (hop.answers === undefined || hop.answers.skipped !== undefined || hop.answers.macs.length > 0)
    return false;
  const { state } = hop.entry ?? {};
  return state !== 'PERMANENT' && state !== 'NOARP' && !carries(hop);
}

function judge(facts: ArpFacts, hop: Hop): Occurrence[] {
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
      `The gateway ${hop.address} on ${hop.device} does not answer: ${state}${needed}${linkNote(facts, hop)}${sixNote(facts, hop)}.`,
      quoteHop(facts, hop),
      { spares: elsewhere(facts, hop) },
    ),
  ];
}

/** IPv4's neighbours are asked below IP, and IPv6's by ICMPv6, which packet filters see (RFC 4861; RFC 4890, 4.4.1). */
function sixNote({ hops }: ArpFacts, hop: Hop): string {
  const other = hops.find(
    (one) =>
      hop.address.includes(':') &&
      !one.address.includes(':') &&
      one.device === hop.device &&
      !isUnanswered(one) &&
      wasHeard(one),
  );
  return other === undefined
    ? ''
    : `; ${other.address} on the same link answers ARP, so the link is there: neighbours of IPv6 are asked for by ICMPv6 (types 135 and 136), which a packet filter of the router's (INPUT) or of the target's may drop`;
}

/** Destinations that are reached through other hops alone. */
function elsewhere({ hops }: ArpFacts, hop: Hop): string[] {
  const own = new Set(hop.users.map(({ label }) => label));
  const others = hops.filter((one) => one !== hop).flatMap(({ users }) => users.map(({ label }) => label));
  return [...new Set(others)].filter((label) => !own.has(label));
}

export const gateway: Rule<ArpFacts> = {
  meta,
  judge: (facts) => facts.hops.flatMap((hop) => judge(facts, hop)),
};
