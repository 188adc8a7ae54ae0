/** How to remove a rule to test it. Pure. */
import { type Advice, advice } from '../../model/advice.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import { onTarget } from './remedy.ts';

/** A remedy with a command; `undefined` for what no command takes away, such as the policy of a chain. */
export function removeRule(rule: FilterRule): Advice | undefined {
  const { elementRemoval } = rule;
  if (elementRemoval !== undefined)
    return advice`Take the element out of the set to test this, then find what puts it there (an agent, a script, a policy) and change it there.\n${onTarget(...elementRemoval)}`;
  const command = deletionOf(rule);
  return command && tryIt(...command);
}

/** The words of the command that takes a rule away; `undefined` for what none does. */
export function deletionOf(
  rule: Pick<FilterRule, 'source' | 'family' | 'table' | 'chain' | 'text'>,
): string[] | undefined {
  const handle = /# handle (\d+)$/.exec(rule.text)?.[1];
  if (rule.source === 'nft' && handle !== undefined)
    return ['nft', 'delete', 'rule', rule.family, rule.table, rule.chain, 'handle', handle];
  if (!rule.text.includes(' -A ')) return undefined;
  const tables = rule.family === 'ip6' ? 'ip6tables' : 'iptables';
  const tool = rule.source === 'iptables-legacy' ? `${tables}-legacy` : tables;
  return [tool, ...savedWords(rule.text.replace(' -A ', ' -D '))];
}

function tryIt(...command: readonly string[]): Advice {
  return advice`Remove the rule to test this, then find what creates it (an init container, a sidecar, the CNI plugin, a node agent) and change it there.\n${onTarget(...command)}`;
}

/** The words of a line of iptables-save, which quotes those with a blank in them. */
function savedWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(
    ([word, quoted]) => quoted?.replace(/\\(.)/g, '$1') ?? word,
  );
}
