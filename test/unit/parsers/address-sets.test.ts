import { describe, expect, it } from 'vitest';
import { parseIpsetRules, parseNftSetRules } from '../../../src/parsers/address-sets.ts';

/** Handmade, of the form that nft 1.1 and ipset 7 print. */
const match = (field: string, right: string, op = '==') => ({
  match: { op, left: { payload: { protocol: 'ip', field } }, right },
});
const nft = (...expr: object[]): string =>
  JSON.stringify({
    nftables: [
      {
        set: {
          family: 'ip',
          table: 'kr',
          name: 'SRC',
          type: 'ipv4_addr',
          elem: [
            '198.18.1.5',
            { prefix: { addr: '198.18.2.0', len: 24 } },
            { elem: { val: '198.18.1.9', timeout: 3 } },
          ],
        },
      },
      { rule: { family: 'ip', table: 'kr', chain: 'fw', handle: 7, expr } },
    ],
  });

describe('parseNftSetRules', () => {
  it('has members of every form, and the rule', () => {
    const [rule] = parseNftSetRules(
      nft(match('daddr', '198.18.3.1'), match('saddr', '@SRC'), { accept: null }),
    );
    expect(rule).toMatchObject({
      side: 'source',
      text: 'table ip kr chain fw: ip daddr 198.18.3.1 ip saddr @SRC … # handle 7',
      set: { text: 'table ip kr set SRC', shown: ['198.18.1.5', '198.18.2.0/24', '198.18.1.9'] },
    });
  });

  it.each([
    ['what is dropped for being in it', [match('saddr', '@SRC'), { drop: null }]],
    ['whoever is not in it', [match('saddr', '@SRC', '!='), { accept: null }]],
    ['a set that is not there', [match('saddr', '@OTHER'), { accept: null }]],
  ])('leaves out %s', (_what, expr) => {
    expect(parseNftSetRules(nft(...expr))).toEqual([]);
  });

  it('has none of what is not JSON', () => {
    expect(parseNftSetRules('Error: no')).toEqual([]);
  });
});

describe('parseIpsetRules', () => {
  const SAVE = [
    'create KUBE-SRC-A hash:ip family inet hashsize 1024 maxelem 65536 timeout 0',
    'add KUBE-SRC-A 198.18.1.5 timeout 0',
    'create KUBE-DST-A hash:ip family inet',
    'add KUBE-DST-A 198.18.2.7',
  ].join('\n');
  const rules = (rule: string): string =>
    ['*filter', ':KUBE-NWPLCY-A - [0:0]', `[0:0] ${rule}`, 'COMMIT'].join('\n');

  it('has both sets of a rule, by their sides', () => {
    const text = rules(
      '-A KUBE-NWPLCY-A -p tcp -m set --match-set KUBE-SRC-A src -m set --match-set KUBE-DST-A dst -m tcp --dport 80 -j MARK --set-xmark 0x10000/0x10000',
    );
    expect(parseIpsetRules(SAVE, text).map(({ side, set }) => [side, set.text, set.shown])).toEqual([
      ['source', 'ipset KUBE-SRC-A', ['198.18.1.5']],
      ['destination', 'ipset KUBE-DST-A', ['198.18.2.7']],
    ]);
  });

  it.each([
    '-A KUBE-NWPLCY-A -m set --match-set KUBE-SRC-A src -j DROP',
    '-A KUBE-NWPLCY-A -m set ! --match-set KUBE-SRC-A src -j ACCEPT',
    '-A KUBE-NWPLCY-A -m set --match-set NONE src -j ACCEPT',
  ])('leaves out %s', (rule) => {
    expect(parseIpsetRules(SAVE, rules(rule))).toEqual([]);
  });
});
