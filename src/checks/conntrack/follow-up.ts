/** What the conntrack check asks where packets were invalid and a rule drops them: whose they are. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import { seenOf } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { snapshot } from '../shared/snapshots.ts';
import { strayCapture } from '../shared/stray-answers.ts';
import { type ConntrackInput, grown } from './facts.ts';
import { conntrackFacts } from './gathered.ts';
import { dropsForwarded, RULE_TOOLS, rulesOf } from './invalid-rules.ts';
import { LATER, OPENING, OWN } from './one-sided.ts';

/** So that an answer is heard twice: nobody acknowledges it, and it is sent again after 1, 2 and 4 s (RFC 6298), and to each SYN that comes again. */
const LISTEN_SECONDS = 4;

export function followConntrack(
  evidence: Evidence,
  input: ConntrackInput,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  const facts = conntrackFacts(evidence, input, POD_WORDS);
  if (grown(facts, 'invalid') === 0) return [];
  // Of a node the rules were read; elsewhere they are now.
  const books = rulesOf(evidence);
  const drops = books.flatMap((book) => (seenOf(book)?.rules ?? []).filter(dropsForwarded));
  const isWhole = books.every((book) => book.value !== undefined || seenOf(book) === undefined);
  const words = isWhole ? ifGrown(drops, scripts) : [];
  if (input.isNode && drops.length === 0) return [];
  const { argv } = strayCapture;
  return [
    {
      id: OPENING,
      argv: [...words, ...argv],
      timeoutSeconds: LISTEN_SECONDS,
      display: argv,
    },
    snapshot('addresses', OWN),
    ...RULE_TOOLS.map((tool) => snapshot(tool, `${tool}${LATER}`)),
  ];
}

/**
 * Words that run what stands behind them only where one of the rules has counted in the run: on a busy node some packet is
 * always invalid, and what no rule has dropped is nobody's loss. None where a rule counts nothing, or nobody has read them.
 */
function ifGrown(drops: readonly FilterRule[], { ifGrown: script }: ProbeScripts): readonly string[] {
  const known = drops.flatMap(({ source, family, table, chain, packets, text }): string[][] => {
    if (packets === undefined) return [];
    const [tool, place, rule] =
      source === 'nft'
        ? ['nft', `${family} ${table} ${chain}`, '']
        : [
            source === 'iptables-legacy' ? 'iptables-legacy-save' : 'iptables-save',
            table,
            text.replace(`-t ${table} `, ''),
          ];
    return [[tool, place, String(packets), rule]];
  });
  if (known.length === 0 || known.length < drops.length) return [];
  return ['sh', '-c', script, 'if-grown', ...known.flat(), '--'];
}
