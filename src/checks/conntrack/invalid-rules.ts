/** Rules that drop what connection tracking calls invalid. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import type { FilterRule, FilterRules } from '../../parsers/filter-rules.ts';
import { parseIptablesSave } from '../../parsers/iptables-save.ts';
import { parseNftRuleset } from '../../parsers/nft-ruleset.ts';
import { type Measured, read } from '../shared/measured.ts';

/** Who shows rules: iptables writes its own as they were made, and nft shows those of iptables-nft too. */
export const RULE_TOOLS = ['iptables', 'iptablesLegacy', 'nft'] as const;

/** What each tool shows, as the commands of its name, and what stands behind it, printed it. */
export function rulesOf(evidence: Evidence, behind = ''): Measured<FilterRules>[] {
  return RULE_TOOLS.map((tool) => {
    const result = evidence[`${tool}${behind}`];
    if (tool === 'nft') return read(result, 'nft', parseNftRuleset);
    const source = tool === 'iptables' ? 'iptables-nft' : 'iptables-legacy';
    return read(result, 'iptables-save', (text) => parseIptablesSave(text, source));
  });
}

/** As iptables-save and `nft -j` write a rule that translates a destination. */
const TRANSLATION = / -j DNAT |"dnat"/;

/** Whether the kernel's tracking is what translates: kube-proxy in mode ipvs, and BPF programs, have tables of their own. */
export function hasTranslations(evidence: Evidence): boolean {
  return RULE_TOOLS.some((tool) => {
    const found = read(evidence[tool], tool === 'nft' ? 'nft' : 'iptables-save', (text) => ({
      isThere: TRANSLATION.test(text),
    }));
    return found.value?.isThere === true;
  });
}

/** Hooks that what is forwarded passes by; a rule without one is jumped to. */
const OF_FORWARDED = new Set(['prerouting', 'forward', 'postrouting', undefined]);

/** Of what is not for the target itself. */
export function dropsForwarded(rule: FilterRule): boolean {
  return dropsInvalid(rule) && OF_FORWARDED.has(rule.hook);
}

export function dropsInvalid({ verdict, matches }: FilterRule): boolean {
  return (
    verdict === 'drop' &&
    matches.some(
      ({ field, values, negated }) => field === 'ctstate' && !negated && values.includes('invalid'),
    )
  );
}
