import { describe, expect, it } from 'vitest';
import { removeRule } from '../../../../src/checks/shared/remove-rule.ts';
import { adviceText } from '../../../../src/model/advice.ts';
import type { FilterRule } from '../../../../src/parsers/filter-rules.ts';

const rule = (rest: Partial<FilterRule>): FilterRule => ({
  source: 'nft',
  family: 'inet',
  table: 't',
  chain: 'c',
  hook: 'output',
  key: 'k',
  verdict: 'drop',
  packets: 1,
  matches: [],
  isUnderstood: true,
  spared: [],
  maySpare: false,
  text: 'table inet t chain c: drop # handle 7',
  ...rest,
});
const command = (rest: Partial<FilterRule>) => adviceText(removeRule(rule(rest)) ?? '').split('\n')[1];

describe('removeRule', () => {
  it('names the rule as its tool does', () => {
    expect(command({})).toBe('kubectl nettools run TARGET -- nft delete rule inet t c handle 7');
    const text = '-t filter -A OUTPUT -p tcp -m comment --comment "no web" -j DROP';
    const drop = "-t filter -D OUTPUT -p tcp -m comment --comment 'no web' -j DROP";
    expect(command({ source: 'iptables-nft', text })).toBe(`kubectl nettools run TARGET -- iptables ${drop}`);
    expect(command({ source: 'iptables-legacy', text })).toBe(
      `kubectl nettools run TARGET -- iptables-legacy ${drop}`,
    );
    expect(command({ source: 'iptables-legacy', family: 'ip6', text })).toBe(
      `kubectl nettools run TARGET -- ip6tables-legacy ${drop}`,
    );
  });

  it('offers nothing for the policy of a chain', () => {
    expect(removeRule(rule({ text: 'table inet t chain c: policy drop' }))).toBeUndefined();
    expect(removeRule(rule({ source: 'iptables-nft', text: '-t filter -P INPUT DROP' }))).toBeUndefined();
  });
});
