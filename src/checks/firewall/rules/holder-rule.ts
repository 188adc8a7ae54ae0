import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { namespaceName } from '../../shared/beside.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type BookOutcome, chainName, deletionOn } from '../../shared/rule-books.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { holderStop } from '../holder.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { ruleHit } from './rule-hit.ts';

const TOOLS = { 'iptables-nft': 'iptables', 'iptables-legacy': 'iptables-legacy', nft: 'nft' } as const;

function judge(path: PathFacts): Occurrence[] {
  const { holder, address } = path;
  const stop = holder && holderStop(holder, path);
  if (holder === undefined || stop === undefined) return [];
  const { outcome, takes } = stop;
  const { book, text } = outcome;
  const what = takes === 'requests' ? 'what comes to it' : 'what it answers';
  return [
    occurrence(
      ruleHit.meta,
      'critical',
      `${nameOf(path)} is silent (${seen(path)}), as ${namespaceName(holder.path)} of this machine, which has ${address}, drops ${what}: ${ruleText(outcome)}.`,
      [
        { command: [`[${namespaceName(holder.path)}]`, ...book.result.command], excerpt: text },
        ...quoteReach(path),
      ],
      { subject: path.destination.label, remediation: remedy(outcome, holder.path) },
    ),
  ];
}

function ruleText(outcome: BookOutcome): string {
  const { book, text, isPolicy } = outcome;
  const { base } = book;
  const chain = chainName(outcome);
  const where = base === undefined ? chain : `${chain} of nft table ${base.family} ${base.table}`;
  return isPolicy
    ? `no rule accepts it, and the policy of ${TOOLS[book.source]} chain ${where} is drop`
    : `${TOOLS[book.source]} ${text}`;
}

/** keepalived writes its rules into a table of that name (nft), or without nft into iptables' own chains. */
function remedy(outcome: BookOutcome, path: string): Advice {
  const undo = deletionOn(outcome);
  const isKeepaliveds = outcome.book.base?.table.startsWith('keepalived') === true;
  const owner = isKeepaliveds
    ? ' keepalived writes it: in strict mode an instance takes nothing that is sent to its virtual addresses. Take vrrp_strict out of keepalived.conf, or switch it off for the instance (strict_mode off).'
    : '';
  return undo === undefined
    ? `In ${namespaceName(path)}, accept the connection in chain ${chainName(outcome)}, or before it.`
    : advice`In ${namespaceName(path)}, delete the rule to test this, then change it where it is defined.${owner}\n${verbatim`nsenter --net=${path} ${undo}`}`;
}

/** The rules of another namespace of this machine that has the destination's address. */
export const holderRule: Rule<FirewallFacts> = {
  meta: ruleHit.meta,
  judge: (facts) => facts.paths.flatMap(judge),
};
