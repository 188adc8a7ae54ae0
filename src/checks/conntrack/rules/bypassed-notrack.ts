import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { IptablesMatch, IptablesRule } from '../../../parsers/iptables-tables.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ConntrackFacts } from '../facts.ts';

const meta = {
  id: 'NT-CT-006',
  title: 'Packets that should not be tracked are accepted before the rule that says so',
  severities: ['warning'],
  meaning:
    'A rule of the table raw keeps packets from being tracked, as NodeLocal DNSCache does with queries to the addresses that it listens on: what is not tracked is not translated, and so reaches the cache. An earlier rule accepts the same packets, which ends the table for them. They are tracked, kube-proxy leads them past the cache, and answers of the two no longer fit together: queries, most of all those over TCP, get lost or take seconds.',
  rule: "In a node's own network namespace, table raw of iptables (both kinds): a rule with NOTRACK or CT --notrack stands behind one of the same chain that accepts all of its packets, or all of those that come in by one interface.",
  source: 'iptables-extensions(8), CT; kubernetes-sigs/node-local-dns#13',
  remedy:
    'Put the rules with NOTRACK first: delete the rule that accepts (iptables -t raw -D …), or insert it behind them; whoever wrote it (a network plugin, a firewall script) writes it again unless it is changed there. Restarting NodeLocal DNSCache puts its own rules in front again.',
} as const;

/** What no packet is told apart by. */
const WORDLESS: readonly string[] = ['--comment'];

function keepsFromTracking({ target, targetWords }: IptablesRule): boolean {
  return target === 'NOTRACK' || (target === 'CT' && targetWords.includes('--notrack'));
}

/** Whether what meets the condition `narrow` meets `wide`, too. */
function implies(narrow: IptablesMatch, wide: IptablesMatch): boolean {
  if (narrow.option !== wide.option || narrow.negated !== wide.negated) return false;
  if (narrow.values.join(' ') === wide.values.join(' ')) return true;
  const [inner, outer] = [narrow, wide].map(({ values }) => parsePrefix(values[0] ?? ''));
  return (
    ['-s', '-d'].includes(wide.option) &&
    !wide.negated &&
    inner !== undefined &&
    outer !== undefined &&
    contains(outer, inner)
  );
}

/** Whether the earlier rule takes all packets of the later one, or all that come in by its interface. */
function covers(earlier: IptablesRule, later: IptablesRule): boolean {
  return earlier.matches.every(
    (wide) =>
      WORDLESS.includes(wide.option) ||
      (wide.option === '-i' &&
        !wide.negated &&
        // What the node sends to itself passes OUTPUT, and there the rule stands again.
        wide.values[0] !== 'lo' &&
        !later.matches.some(({ option }) => option === '-i')) ||
      later.matches.some((narrow) => implies(narrow, wide)),
  );
}

export const bypassedNotrack: Rule<ConntrackFacts> = {
  meta,
  judge: ({ isNode, raw }) => {
    if (!isNode) return [];
    return raw.flatMap(({ table, result }) =>
      [...table.values()].flatMap(({ rules }) => {
        const found = rules.flatMap((later, at) => {
          if (!keepsFromTracking(later)) return [];
          const earlier = rules.slice(0, at).find((one) => one.target === 'ACCEPT' && covers(one, later));
          return earlier === undefined ? [] : [{ earlier, later }];
        });
        const [first, ...more] = found;
        if (first === undefined) return [];
        const { earlier, later } = first;
        const also = more.length === 0 ? '' : `, and of ${more.length} more such rules`;
        return [
          occurrence(
            meta,
            'warning',
            `iptables ${earlier.text} stands before iptables ${later.text}${also}: packets that should not be tracked are accepted first, and are tracked (${earlier.packets} and ${later.packets} packets so far).`,
            [
              {
                command: result.command,
                excerpt: [earlier, later].map(({ packets, text }) => `[${packets}] ${text}`).join('\n'),
              },
            ],
          ),
        ];
      }),
    );
  },
};
