/** Sets, maps and marks of nft, as `nft -j list ruleset` (1.0.6) prints them. */
import { describe, expect, it } from 'vitest';
import { withElement } from '../../../src/checks/shared/set-element.ts';
import type { FilterRule } from '../../../src/parsers/filter-rules.ts';
import { parseIpsets } from '../../../src/parsers/ipset.ts';
import { parseIptablesSave } from '../../../src/parsers/iptables-save.ts';
import { parseNftRuleset } from '../../../src/parsers/nft-ruleset.ts';
import { parseTransparent } from '../../../src/parsers/transparent.ts';

const DADDR = { payload: { protocol: 'ip', field: 'daddr' } };
const DPORT = { payload: { protocol: 'tcp', field: 'dport' } };
const set = (name: string, elem: readonly unknown[]) => ({ set: { family: 'inet', table: 't', name, elem } });
const map = (name: string, elem: readonly unknown[]) => ({ map: { family: 'inet', table: 't', name, elem } });
const rule = (chain: string, handle: number, ...expr: readonly object[]) => ({
  rule: { family: 'inet', table: 't', chain, handle, expr },
});
const asks = (left: unknown, right: unknown) => ({ match: { op: '==', left, right } });
const parsed = (...entries: readonly object[]) =>
  parseNftRuleset(
    JSON.stringify({
      nftables: [
        { chain: { family: 'inet', table: 't', name: 'o', type: 'filter', hook: 'output', policy: 'drop' } },
        { chain: { family: 'inet', table: 't', name: 'r', type: 'route', hook: 'output' } },
        { chain: { family: 'inet', table: 't', name: 'p', type: 'filter', hook: 'prerouting' } },
        { chain: { family: 'inet', table: 't', name: 'jumped' } },
        ...entries,
      ],
    }),
  );
const to = (daddr: string, dport: number) => ({ protocol: 'tcp', daddr, dport, saddr: '198.18.1.1' });
const NONE = new Map();
const textOf = (found: FilterRule | undefined, daddr: string, dport = 8080): string | undefined =>
  found && withElement(found, to(daddr, dport), NONE).text;

describe('sets of nft', () => {
  it('are read with prefixes, ranges and time-outs', () => {
    const rules = parsed(
      set('bad', [
        { range: ['10.1.0.5', '10.1.0.9'] },
        { prefix: { addr: '198.18.0.0', len: 16 } },
        { elem: { val: '192.0.2.1', timeout: 3600, expires: 3599 } },
      ]),
      rule('o', 4, asks(DADDR, '@bad'), { drop: null }),
    )?.rules;
    expect(rules?.[0]?.isUnderstood).toBe(true);
    for (const [address, element] of [
      ['10.1.0.7', '10.1.0.5-10.1.0.9'],
      ['198.18.3.4', '198.18.0.0/16'],
      ['192.0.2.1', '192.0.2.1'],
    ] as const)
      expect(textOf(rules?.[0], address)).toMatch(new RegExp(`\\[element ${element} of bad\\] # handle 4$`));
    expect(textOf(rules?.[0], '10.1.0.10')).toMatch(/@bad drop # handle 4$/);
  });

  it('of concatenations hold as a whole', () => {
    const pair = { concat: [DADDR, DPORT] };
    const rules = parsed(
      set('c', [{ concat: ['192.0.2.1', 80] }, { concat: ['192.0.2.2', { range: [81, 90] }] }]),
      rule('o', 4, asks(pair, '@c'), { drop: null }),
    )?.rules;
    expect(rules?.[0]?.matches[0]?.set?.elements).toEqual(['192.0.2.1 . 80', '192.0.2.2 . 81-90']);
    expect(textOf(rules?.[0], '192.0.2.2', 85)).toMatch(/\[element 192\.0\.2\.2 \. 81-90 of c\]/);
    expect(textOf(rules?.[0], '192.0.2.1', 85)).not.toContain('[element');
  });

  it('that are empty hold for nothing, and one that is not there is not understood', () => {
    const rules = parsed(
      set('empty', []),
      rule('o', 4, asks(DADDR, '@empty'), { drop: null }),
      rule('o', 5, asks(DADDR, '@gone'), { drop: null }),
    )?.rules;
    expect(rules?.map(({ isUnderstood, matches }) => [isUnderstood, matches.length])).toEqual([
      [true, 1],
      [false, 0],
    ]);
  });
});

describe('verdict maps of nft', () => {
  const vmap = (key: unknown, data: unknown) => ({ vmap: { key, data } });

  it('stop what has an element that drops, and spare what has one that accepts', () => {
    const found = parsed(
      map('v', [
        [8080, { drop: null }],
        [{ range: [81, 90] }, { drop: null }],
        [443, { accept: null }],
      ]),
      rule('o', 4, vmap(DPORT, '@v')),
    );
    expect(found?.rules.map(({ text, isUnderstood }) => [text, isUnderstood])).toEqual([
      ['table inet t chain o: tcp dport vmap @v { drop } # handle 4', true],
    ]);
    expect(textOf(found?.rules[0], '192.0.2.1')).toMatch(/\[element 8080 of v\]/);
    const policy = found?.chains.find(({ name }) => name === 'o');
    expect([policy?.maySpare, policy?.spared.length]).toEqual([false, 1]);
  });

  it('that lead elsewhere may spare', () => {
    const found = parsed(
      rule('o', 4, vmap(DPORT, { set: [[8080, { jump: { target: 'jumped' } }]] })),
      rule('jumped', 5, { redirect: { port: 15001 } }),
    );
    expect(found?.chains.find(({ name }) => name === 'o')?.maySpare).toBe(true);
    expect(found?.detours[0]?.isOfOutput).toBe(true);
  });

  it('count by their elements, which are told apart', () => {
    const element = (val: number, packets: number) => ({ elem: { val, counter: { packets, bytes: 0 } } });
    const found = parsed(
      map('k', [
        [element(80, 1), { drop: null }],
        [element(81, 2), { drop: null }],
      ]),
      rule('o', 4, { counter: { packets: 9, bytes: 0 } }, vmap(DPORT, '@k')),
    );
    expect(found?.rules.map(({ packets }) => packets)).toEqual([1, 2]);
  });

  it('whose key is not known are not understood', () => {
    const key = { meta: { key: 'iifname' } };
    const found = parsed(rule('o', 4, vmap(key, { set: [['eth0', { drop: null }]] })));
    expect(found?.rules.map(({ isUnderstood }) => isUnderstood)).toEqual([false]);
  });

  it('may have an element for all others', () => {
    const found = parsed(rule('o', 4, vmap(DPORT, { set: [['*', { drop: null }]] })));
    expect(found?.rules.map(({ isUnderstood }) => isUnderstood)).toEqual([false]);
  });
});

describe('marks and transparent proxies', () => {
  const MARK = { meta: { key: 'mark' } };
  const mangle = (value: unknown) => ({ mangle: { key: MARK, value } });

  it('are those of chains after which the route is looked for again', () => {
    const marks = parsed(
      map('mm', [[8080, 5]]),
      rule('r', 4, asks(DPORT, 8080), mangle(1)),
      rule('r', 5, mangle({ '|': [MARK, 256] })),
      rule('r', 6, mangle({ map: { key: DPORT, data: '@mm' } })),
      rule('r', 7, mangle({ ct: { key: 'mark' } })),
      rule('o', 8, mangle(9)),
    )?.marks;
    expect(marks?.map(({ mark }) => mark)).toEqual([
      { value: 1, mask: 0xffffffff },
      { value: 256, mask: 256 },
      { value: 5, mask: 0xffffffff },
    ]);
    expect(marks?.[0]?.isCertain).toBe(true);
  });

  it('of iptables are those of the table mangle', () => {
    const { marks, proxies } = parseIptablesSave(
      [
        '*mangle',
        ':PREROUTING ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        ':X - [0:0]',
        '[2:80] -A PREROUTING -i lo -p tcp -m mark --mark 0x1/0xff -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1',
        '[3:80] -A OUTPUT -p tcp -j X',
        '[3:80] -A X -j MARK --set-xmark 0x539/0xffffffff',
        '[3:80] -A OUTPUT -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
        '[3:80] -A PREROUTING -j MARK --set-xmark 0x7/0xffffffff',
        'COMMIT\n',
      ].join('\n'),
      'iptables-legacy',
    );
    expect(marks.map(({ mark, packets }) => [mark, packets])).toEqual([
      [{ value: 0x539, mask: 0xffffffff }, 3],
    ]);
    expect(proxies.map(({ port, asks: mark }) => [port, mark])).toEqual([
      ['15001', { value: 1, mask: 0xff }],
    ]);
  });

  it('of nft may ask for a mark', () => {
    const proxies = parsed(
      rule('p', 4, asks(MARK, 1), { tproxy: { port: 15001 } }),
      rule('o', 5, { tproxy: { port: 15002 } }),
    )?.proxies;
    expect(proxies?.map(({ port, asks: mark }) => [port, mark])).toEqual([
      ['15001', { value: 1, mask: 0xffffffff }],
    ]);
  });

  it('take connections by sockets that say so', () => {
    const shown = [
      'tcp LISTEN 0      128      0.0.0.0:15001 0.0.0.0:*',
      '\tinet-sockopt: ( is_icsk mc_loop transparent mc_all)',
      'tcp LISTEN 0      128            *:15002       *:*',
      '\tinet-sockopt: ( is_icsk mc_loop)',
      '',
    ].join('\n');
    expect(parseTransparent(shown)).toEqual([
      { protocol: 'tcp', family: 'inet', port: 15001, isTransparent: true },
      { protocol: 'tcp', family: 'inet6', port: 15002, isTransparent: false },
    ]);
  });
});

describe('members of ipset', () => {
  const save = [
    'create ip hash:ip family inet hashsize 1024 maxelem 65536',
    'add ip 192.0.2.1 timeout 60',
    'create pair hash:ip,port family inet',
    'add pair 192.0.2.2,tcp:8080',
    'create net hash:net family inet',
    'add net 192.0.2.0/28 nomatch',
    'add net 198.18.0.0/16',
    'create all list:set size 8',
    'add all ip',
    '',
  ].join('\n');
  const of = (words: string): FilterRule | undefined =>
    parseIptablesSave(
      `*filter\n:OUTPUT ACCEPT [0:0]\n[4:240] -A OUTPUT -m set ${words} -j DROP\nCOMMIT\n`,
      'iptables-legacy',
    ).rules[0];

  it.each<[string, string, string, string[] | undefined]>([
    ['an address', '--match-set ip dst', '192.0.2.1', ['ipset', 'del', 'ip', '192.0.2.1']],
    ['another address', '--match-set ip dst', '192.0.2.9', undefined],
    [
      'an address and port',
      '--match-set pair dst,dst',
      '192.0.2.2',
      ['ipset', 'del', 'pair', '192.0.2.2,tcp:8080'],
    ],
    ['a network', '--match-set net dst', '198.18.9.9', ['ipset', 'del', 'net', '198.18.0.0/16']],
    ['what is left out of a network', '--match-set net dst', '192.0.2.3', undefined],
    ['a set in a list', '--match-set all dst', '192.0.2.1', ['ipset', 'del', 'ip', '192.0.2.1']],
    ['the source', '--match-set ip src', '192.0.2.1', undefined],
    ['what is in none', '! --match-set ip dst', '192.0.2.9', undefined],
  ])('%s', (_what, words, address, removal) => {
    const found = of(words);
    expect(found && withElement(found, to(address, 8080), parseIpsets(save)).elementRemoval).toEqual(removal);
  });
});
