import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { chainName, deletionOn } from '../../shared/rule-books.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { type MachineStop, machineStop } from '../machine.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { ruleHit } from './rule-hit.ts';

const TOOLS = { 'iptables-nft': 'iptables', 'iptables-legacy': 'iptables-legacy', nft: 'nft' } as const;

function judge(path: PathFacts, { machine }: FirewallFacts): Occurrence[] {
  // A rule of the target's own is met first.
  const stop = machine === undefined || path.hits.length > 0 ? undefined : machineStop(machine, path);
  if (stop === undefined) return [];
  const { outcome, device, isToHost, packets } = stop;
  const { book, text, isPolicy } = outcome;
  const tool = TOOLS[book.source];
  const chain = chainName(outcome);
  const where =
    book.base === undefined ? chain : `${chain} of nft table ${book.base.family} ${book.base.table}`;
  const what = isPolicy
    ? `no rule accepts it, and the policy of ${tool} chain ${where} is drop`
    : `${tool} ${text}`;
  const counted =
    packets === undefined ? '' : ` (${packets} ${packets === 1 ? 'packet' : 'packets'} during the run)`;
  const undo = deletionOn(outcome);
  return [
    occurrence(
      ruleHit.meta,
      'critical',
      `This machine itself, through which the target sends to ${nameOf(path)}${isToHost ? ', an address of its own' : ''}, stops it (${seen(path)}): ${what}${counted}.`,
      [
        {
          command: ['[this machine]', ...book.result.command],
          excerpt: `${text}${packets === undefined ? '' : `\n${packets} more packets than before`}`,
        },
        ...quoteReach(path),
      ],
      {
        subject: path.destination.label,
        remediation:
          undo === undefined
            ? isToHost
              ? `On this machine, accept what comes in by ${device} in chain ${where}, or before it (ufw allow in on ${device}; firewalld: put ${device} into a zone that accepts it).`
              : acceptance(stop)
            : advice`On this machine, delete the rule to test this, then change it where it is defined.\n${verbatim`${undo}`}`,
      },
    ),
  ];
}

/** What one table accepts, the policy of another may drop all the same: it has to be accepted in the chain that drops it. */
function acceptance({ outcome: { book }, device }: MachineStop): Advice {
  const { base } = book;
  const start = advice`On this machine, accept what comes in by ${device}, and what answers it.`;
  if (base !== undefined) {
    const { family, table, chain } = base;
    return advice`${start}\n${verbatim`nft insert rule ${family} ${table} ${chain} iifname ${device} accept`}\n${verbatim`nft insert rule ${family} ${table} ${chain} oifname ${device} ct state established,related accept`}`;
  }
  const isOfDocker = isDockers(book.tables);
  const own = isOfDocker ? 'DOCKER-USER' : 'FORWARD';
  const docker = isOfDocker
    ? ' Docker sets this policy, and accepts its own networks alone; its chain DOCKER-USER is the place for others.'
    : '';
  return advice`${start}${docker}\n${verbatim`iptables -I ${own} -i ${device} -j ACCEPT`}\n${verbatim`iptables -I ${own} -o ${device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`}`;
}

/** Docker has its chain there. */
function isDockers(tables: ReadonlyMap<string, { has(name: string): boolean }>): boolean {
  return tables.get('filter')?.has('DOCKER-USER') === true;
}

/** The rules of the machine that a namespace sends through. */
export const machineRule: Rule<FirewallFacts> = {
  meta: ruleHit.meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
