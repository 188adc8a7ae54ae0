/** A set of addresses that decides for a policy, and in which the source of the probe is not. Pure. */

import type { SetRule } from '../../parsers/address-sets.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { Loss, PathFacts } from './facts.ts';
import type { KnownCause } from './story.ts';

/** Of the members no more are told. */
const MOST_TOLD = 4;

/**
 * Policies allow the source, and at the place of the loss rules let pass what is in a set of addresses: the one that has
 * other pods of the source's namespace, or nobody, and not the source itself. Sets in which the destination has to be are
 * left out unless it is in them: their rules are those of other pods.
 */
export function setBehind(
  { allowed, source, address }: PathFacts,
  { last, missed }: Loss,
): KnownCause | undefined {
  const { place } = missed;
  if (allowed === undefined || source === undefined || (last !== undefined && last.place !== place))
    return undefined;
  const from = parsePrefix(source);
  const to = parsePrefix(address);
  if (from === undefined || to === undefined || !allowed.addresses.includes(source)) return undefined;
  const has = ({ set }: SetRule, prefix: typeof from): boolean =>
    set.members.some((member) => contains(member, prefix));
  const rules = place.setRules.filter((one) =>
    isOfDestination(one, address, place.setRules, (rule) => has(rule, to)),
  );
  const ofSources = rules.filter(({ side }) => side === 'source');
  // Where one set has it, that rule would have let it pass.
  if (ofSources.some((one) => has(one, from))) return undefined;
  const pods = allowed.addresses.filter((one) => one !== source).flatMap((one) => parsePrefix(one) ?? []);
  const known = (rule: SetRule): number => pods.filter((one) => has(rule, one)).length;
  // The set of the policy is the one with most of its other pods; one that is empty may be.
  const [rule] = ofSources
    .filter((one) => one.set.shown.length === 0 || known(one) > 0 || isOfPolicies(one))
    .sort((a, b) => known(b) - known(a));
  if (rule === undefined) return undefined;
  const { shown } = rule.set;
  const members = shown.slice(0, MOST_TOLD).join(', ') + (shown.length > MOST_TOLD ? ', …' : '');
  const strangers = shown.length - known(rule);
  const count = shown.length === 1 ? 'one member' : `${shown.length} members`;
  const who =
    strangers === 0
      ? ''
      : `, ${strangers === shown.length ? 'none' : strangers} of them ${strangers === shown.length ? 'a' : 'no'} pod of the target's namespace`;
  const whose = shown.length === 0 ? 'which is empty' : `which has ${count} (${members}${who})`;
  return {
    words: `; NetworkPolicies allow it (${allowed.by.join(', ')}), and what lets it pass there asks for a set of addresses, ${rule.set.text}, ${whose}: the target's address ${source} is not in it, so the set is behind the API`,
    quotes: [
      {
        command: [
          `[${place.place.label}]`,
          ...(rule.set.text.startsWith('ipset') ? ['ipset', 'list'] : ['nft', 'list', 'ruleset']),
        ],
        excerpt: `${rule.text}\n${rule.set.text}: ${members || 'no members'}`,
      },
    ],
    remedy: `The agent that enforces NetworkPolicies on ${place.place.label} has not heard of the target's address, or has failed to write it: look at its log there, and restart its pod, which writes all sets anew. If it comes back, its watch of the API server is what breaks.`,
  };
}

/** As agents name theirs (kube-router KUBE-SRC-, Calico cali40s:, Weave weave-, Azure azure-npm-). */
function isOfPolicies({ set }: SetRule): boolean {
  return /\b(KUBE-SRC-|KUBE-ROUTER|cali\d+|weave-|azure-npm-|np-|policy)/i.test(set.text);
}

/** Its rule asks for no destination, or for this one. */
function isOfDestination(
  { text }: SetRule,
  address: string,
  all: readonly SetRule[],
  hasDestination: (rule: SetRule) => boolean,
): boolean {
  const others = all.filter((one) => one.text === text && one.side === 'destination');
  if (others.length > 0) return others.some(hasDestination);
  const named = /(?:-d|ip daddr) (?!@)(\S+?)(?:\/32)?(?: |$)/.exec(text)?.[1];
  return named === undefined || named === address;
}
