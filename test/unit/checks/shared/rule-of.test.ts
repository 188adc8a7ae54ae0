import { describe, expect, it } from 'vitest';
import { type Rules, ruleOf, ruleOfText } from '../../../../src/checks/shared/drops/rule-of.ts';
import { because } from '../../../../src/checks/shared/reason.ts';
import type { DropFlow } from '../../../../src/parsers/drops.ts';
import type { FilterRule } from '../../../../src/parsers/filter-rules.ts';

const FLOW: DropFlow = {
  reason: 'NETFILTER_DROP',
  function: 'nf_hook_slow',
  namespace: '1',
  packets: 4,
  interface: 2,
  ethertype: 0x800,
  protocol: 6,
  source: '198.51.100.1',
  destination: '198.51.100.7',
  sourcePort: 0,
  destinationPort: 80,
};

const rule = (text: string, more: Partial<FilterRule> = {}): FilterRule => ({
  source: 'nft',
  family: 'ip',
  table: 't',
  chain: 'c',
  hook: 'forward',
  key: text,
  verdict: 'drop',
  packets: undefined,
  matches: [
    { field: 'daddr', values: ['198.51.100.7'], negated: false },
    { field: 'dport', values: ['80'], negated: false },
  ],
  isUnderstood: true,
  spared: [],
  maySpare: false,
  text,
  ...more,
});
const rules = (grown: [FilterRule, number][], uncounted: FilterRule[] = []): Rules => ({
  grown: grown.map(([one, packets]) => ({ rule: one, packets, result: undefined })),
  uncounted,
  skipped: undefined,
});
const told = (all: Rules, flow: DropFlow = FLOW): string => ruleOfText(ruleOf(flow, all));
const ANY: Partial<FilterRule> = { matches: [] };

describe('the rule that dropped a flow', () => {
  it('is the one that fits and counted as many', () => {
    const other = rule('other', { matches: [{ field: 'dport', values: ['81'], negated: false }] });
    expect(
      told(
        rules([
          [other, 9],
          [rule('own'), 4],
        ]),
      ),
    ).toBe('; by own (it counted 4 packets)');
  });

  it('is one that counts nothing, where no other may be it', () => {
    expect(told(rules([], [rule('silent')]))).toBe('; by silent (it counts nothing)');
  });

  it.each([
    ['counted fewer', rules([[rule('own'), 3]])],
    ['are of the other family', rules([[rule('own', { family: 'ip6' }), 4]])],
    ['are jumped to, and what for is not known', rules([], [rule('silent', { hook: undefined, ...ANY })])],
    ['ask for more than is understood', rules([], [rule('silent', { isUnderstood: false })])],
    ['may be spared by one before', rules([], [rule('silent', { maySpare: true })])],
    ['are spared by one before', rules([[rule('own', { spared: [rule('x').matches] }), 4]])],
  ])('is not known where rules %s', (_why, all) => {
    expect(told(all)).toMatch(/^; which rule that is could not be told: no rule that fits/);
  });

  it('is not known of two', () => {
    expect(
      told(
        rules([
          [rule('one', ANY), 4],
          [rule('two'), 5],
        ]),
      ),
    ).toMatch(/could not be told: 2 rules may have met it: one and two$/);
  });

  it('is what is understood before what is not', () => {
    const vague = rule('vague', { ...ANY, isUnderstood: false });
    expect(
      told(
        rules([
          [vague, 9],
          [rule('own'), 4],
        ]),
      ),
    ).toBe('; by own (it counted 4 packets)');
  });

  it('is not known where not all could be read, for which the reason is told', () => {
    expect(told({ ...rules([]), skipped: because('it was refused') })).toMatch(/told: it was refused$/);
  });

  it('is none of IPv4 for IPv6', () => {
    const v6 = { ...FLOW, source: '2001:db8::1', destination: '2001:db8::2' };
    expect(
      told(
        rules([
          [rule('v4', ANY), 4],
          [rule('v6', { ...ANY, family: 'inet' }), 4],
        ]),
        v6,
      ),
    ).toBe('; by v6 (it counted 4 packets)');
  });
});
