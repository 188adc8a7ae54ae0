import type { Occurrence } from '../../../model/finding.ts';
import { linkLocalNote, linkLocalRemedy } from '../../shared/link-local-gateway.ts';
import { meta } from '../../shared/metas/silent-gateway.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, type Hop, isSilentGateway, isUnanswered, ownAddress, wasHeard } from '../facts.ts';
import { otherEndAdvice, otherEndNote, otherEndQuote } from '../other-end.ts';
import { linkNote, quoteHop } from '../quote-hop.ts';

function judge(facts: ArpFacts, hop: Hop): Occurrence[] {
  const failed = isUnanswered(hop);
  if (!isSilentGateway(hop)) return [];
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
  const note = otherEndNote(facts, hop) ?? linkLocalNote(hop.address, hop.device);
  const remediation = otherEndAdvice(facts, hop) ?? linkLocalRemedy(hop.address, ownAddress(facts, hop));
  return [
    occurrence(
      meta,
      'critical',
      `The gateway ${hop.address} on ${hop.device} does not answer: ${state}${needed}${linkNote(facts, hop)}${sixNote(facts, hop)}${note}.`,
      [...quoteHop(facts, hop), ...otherEndQuote(facts, hop)],
      { spares: elsewhere(facts, hop), ...(remediation === undefined ? {} : { remediation }) },
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
