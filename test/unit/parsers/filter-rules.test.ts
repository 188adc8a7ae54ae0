import { describe, expect, it } from 'vitest';
import { parseIptablesSave } from '../../../src/parsers/iptables-save.ts';
import { parseNftRuleset } from '../../../src/parsers/nft-ruleset.ts';
import { recorded } from '../checks/recorded-ways.ts';

const output = (name: string, id: string) => recorded(name).evidence[id]?.stdout ?? '';

describe('parseIptablesSave', () => {
  it('reads a rule of legacy iptables with its counter', () => {
    const { rules, total } = parseIptablesSave(
      output('firewall-iptables', 'legacy-after'),
      'iptables-legacy',
    );
    expect(total).toBe(1);
    expect(rules).toMatchObject([
      {
        source: 'iptables-legacy',
        table: 'filter',
        chain: 'INPUT',
        hook: 'input',
        verdict: 'drop',
        text: '-t filter -A INPUT -p tcp -m tcp --sport 8080 -j DROP',
        matches: [
          { field: 'protocol', values: ['tcp'], negated: false },
          { field: 'sport', values: ['8080'], negated: false },
        ],
      },
    ]);
    expect(rules[0]?.packets).toBeGreaterThan(2);
  });

  it('reads ranges, prefixes, lists and negations', () => {
    const { rules } = parseIptablesSave(
      '*filter\n[1:60] -A OUTPUT ! -d 192.0.2.0/24 -p udp -m udp --dport 9:99 -j REJECT --reject-with icmp-port-unreachable\n' +
        '[0:0] -A OUTPUT -p tcp -m multiport --dports 80,443 -j DROP\n[0:0] -A KUBE-X -g DROP\n[5:5] -A OUTPUT -j KUBE-X\nCOMMIT\n',
      'iptables-nft',
    );
    expect(rules.map((r) => [r.verdict, r.hook, r.matches])).toEqual([
      [
        'reject',
        'output',
        [
          { field: 'daddr', values: ['192.0.2.0/24'], negated: true },
          { field: 'protocol', values: ['udp'], negated: false },
          { field: 'dport', values: ['9-99'], negated: false },
        ],
      ],
      [
        'drop',
        'output',
        [
          { field: 'protocol', values: ['tcp'], negated: false },
          { field: 'dport', values: ['80', '443'], negated: false },
        ],
      ],
      ['drop', undefined, []],
    ]);
  });

  it('knows what earlier rules of the chain accept, where they are understood', () => {
    const { rules, chains } = parseIptablesSave(
      [
        '*filter',
        ':INPUT DROP [7:420]',
        ':OUTPUT ACCEPT [0:0]',
        '[0:0] -A INPUT -i lo -j ACCEPT',
        '[0:0] -A INPUT -p tcp -m tcp --tcp-flags SYN SYN -j ACCEPT',
        '[0:0] -A INPUT -m comment --comment "answers to \\"us\\"" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '[0:0] -A INPUT -p udp -j DROP',
        '[0:0] -A OUTPUT -i lo -j DROP',
        '[0:0] -A INPUT ! -s 192.0.2.0/24 -j ACCEPT',
        'COMMIT\n',
      ].join('\n'),
      'iptables-nft',
    );
    const answers = [{ field: 'ctstate', values: ['related', 'established'], negated: false }];
    expect(rules.map((r) => [r.chain, r.spared, r.isUnderstood])).toEqual([
      ['INPUT', [answers], true],
      ['OUTPUT', [], false],
    ]);
    expect(chains.map((c) => c.spared)).toEqual([
      [answers, [{ field: 'saddr', values: ['192.0.2.0/24'], negated: true }]],
      [],
    ]);
  });

  it('keeps equal rules apart, and reads policies', () => {
    const text =
      '*filter\n:INPUT DROP [7:420]\n:KUBE-X - [0:0]\n[1:1] -A INPUT -j DROP\n[2:2] -A INPUT -j DROP\nCOMMIT\n';
    const { rules, chains } = parseIptablesSave(text, 'iptables-nft');
    expect(new Set(rules.map((r) => r.key)).size).toBe(2);
    expect(chains.map((c) => [c.name, c.policy, c.packets])).toEqual([
      ['INPUT', 'drop', 7],
      ['KUBE-X', undefined, 0],
    ]);
  });

  it('finds nothing in an error', () => {
    expect(parseIptablesSave("Fatal: can't open lock file\n", 'iptables-legacy')).toEqual({
      chains: [],
      rules: [],
      detours: [],
      marks: [],
      proxies: [],
      total: 0,
    });
  });
});

describe('parseNftRuleset', () => {
  it('reads a rule with its counter', () => {
    const rules = parseNftRuleset(output('firewall-local-drop-counted', 'nft-after'))?.rules;
    expect(rules).toMatchObject([
      {
        family: 'ip',
        table: 'ntfault',
        chain: 'c',
        hook: 'output',
        verdict: 'drop',
        matches: [
          { field: 'dport', values: ['8080'], negated: false },
          { field: 'protocol', values: ['tcp'], negated: false },
        ],
      },
    ]);
    expect(rules?.[0]?.packets).toBeGreaterThan(2);
    expect(rules?.[0]?.text).toMatch(
      /^table ip ntfault chain c: tcp dport 8080 counter packets \d+ drop # handle \d+$/,
    );
  });

  it('reads a rule without one', () => {
    expect(
      parseNftRuleset(output('firewall-local-drop-tcp', 'nft-after'))?.rules[0]?.packets,
    ).toBeUndefined();
  });

  const rule = (expr: object[], chain: object = {}) =>
    JSON.stringify({
      nftables: [
        { metainfo: { json_schema_version: 1 } },
        { chain: { family: 'inet', table: 't', name: 'c', hook: 'output', policy: 'accept', ...chain } },
        { counter: { family: 'inet', table: 't', name: 'seen', packets: 5 } },
        { rule: { family: 'inet', table: 't', chain: 'c', handle: 7, expr } },
      ],
    });
  const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } });
  const dport = { payload: { protocol: 'tcp', field: 'dport' } };
  const daddr = { payload: { protocol: 'ip', field: 'daddr' } };

  it.each([
    [
      match(dport, { set: [80, { range: [90, 99] }] }),
      [{ field: 'dport', values: ['80', '90-99'], negated: false }],
    ],
    [
      match(daddr, { prefix: { addr: '192.0.2.0', len: 24 } }, '!='),
      [{ field: 'daddr', values: ['192.0.2.0/24'], negated: true }],
    ],
    [match(daddr, '@blocked'), []],
    [match({ meta: { key: 'l4proto' } }, 'udp'), [{ field: 'protocol', values: ['udp'], negated: false }]],
    [match({ ct: { key: 'mark' } }, 7), []],
    [
      match({ ct: { key: 'state' } }, ['established', 'related'], 'in'),
      [{ field: 'ctstate', values: ['established', 'related'], negated: false }],
    ],
  ])('understands %o', (expression, expected) => {
    const matches = parseNftRuleset(rule([expression, { drop: null }]))?.rules[0]?.matches;
    expect(
      matches?.filter((m) => m.field !== 'protocol' || expected.some((e) => e.field === 'protocol')),
    ).toEqual(expected);
  });

  it('knows what earlier rules of the chain accept, where they are understood', () => {
    const accept = { accept: null };
    const text = JSON.stringify({
      nftables: [
        { chain: { family: 'ip', table: 't', name: 'c', hook: 'input', policy: 'drop' } },
        ...[
          [match({ meta: { key: 'iifname' } }, 'lo'), accept],
          [match({ payload: { protocol: 'tcp', field: 'flags' } }, 'syn'), accept],
          [{ limit: { rate: 1, per: 'second' } }, accept],
          [match(daddr, '@allowed'), accept],
          [
            match({ payload: { protocol: 'ip', field: 'protocol' } }, 'tcp'),
            { counter: { packets: 1 } },
            accept,
          ],
          [{ drop: null }],
          [match(dport, 80), accept],
        ].map((expr, handle) => ({ rule: { family: 'ip', table: 't', chain: 'c', handle, expr } })),
      ],
    });
    const tcp = { field: 'protocol', values: ['tcp'], negated: false };
    const parsed = parseNftRuleset(text);
    expect(parsed?.rules.map((r) => [r.spared, r.isUnderstood])).toEqual([[[[tcp]], true]]);
    expect(parsed?.chains[0]?.spared).toEqual([
      [tcp],
      [{ field: 'dport', values: ['80'], negated: false }, tcp],
    ]);
    expect(parseNftRuleset(rule([match(daddr, '@blocked'), { drop: null }]))?.rules[0]?.isUnderstood).toBe(
      false,
    );
  });

  it('reads named counters, rejects and what iptables has made', () => {
    expect(
      parseNftRuleset(rule([{ counter: 'seen' }, { reject: { type: 'icmpx', expr: 'admin-prohibited' } }]))
        ?.rules[0],
    ).toMatchObject({
      verdict: 'reject',
      packets: 5,
      text: 'table inet t chain c: counter name "seen" reject with icmpx type admin-prohibited # handle 7',
    });
    expect(parseNftRuleset(rule([{ xt: { type: 'target', name: 'REJECT' } }]))?.rules[0]?.verdict).toBe(
      'reject',
    );
    expect(parseNftRuleset(rule([{ reject: null }]))?.rules[0]?.text).toContain(': reject #');
  });

  it('shows the beginning of a large set', () => {
    const set = Array.from({ length: 5000 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
    const match = { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: { set } };
    const [found] = parseNftRuleset(rule([{ match }, { drop: null }]))?.rules ?? [];
    expect(found?.matches[0]?.values).toHaveLength(5000);
    expect(found?.text).toMatch(/ip saddr \{ 198\.18\.0\.0, .*, 198\.18\.0\.14, … \} drop # handle 7$/);
  });

  it('leaves rules out that stop nothing', () => {
    expect(parseNftRuleset(rule([{ counter: { packets: 1 } }, { accept: null }]))?.rules).toEqual([]);
  });

  it('says when it cannot read', () => {
    expect(parseNftRuleset('{"nftables": [')).toBeUndefined();
    expect(parseNftRuleset('[]')).toBeUndefined();
    expect(parseNftRuleset('Operation not permitted (you must be root)\n')).toBeUndefined();
  });
});
