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
      `The gateway ${hop.address} on ${hop.device} does not answer: ${state}${needed}${linkNote(facts, hop)}.`,
      quoteHop(facts, hop),
      { spares: elsewhere(facts, hop) },
    ),
  ];
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
