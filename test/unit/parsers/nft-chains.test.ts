import { describe, expect, it } from 'vitest';
import { walk } from '../../../src/checks/shared/walk.ts';
import { parseNftChains } from '../../../src/parsers/nft-chains.ts';

const IN = { family: 'inet', table: 'own' };
const meta = (key: string) => ({ meta: { key } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const match = (left: unknown, right: unknown, op = '==') => ({ match: { op, left, right } });

const base = (name: string, more: object = {}) => ({
  chain: { ...IN, name, hook: 'forward', type: 'filter', prio: 0, policy: 'drop', ...more },
});
const rule = (chain: string, handle: number, ...expr: readonly object[]) => ({
  rule: { ...IN, chain, handle, expr },
});
const nft = (...entries: readonly object[]): string => JSON.stringify({ nftables: entries });

/** How TCP to 192.0.2.9:80 from br-a by eth0 ends. */
function ends(text: string): string[] {
  const [first] = parseNftChains(text, 'ip') ?? [];
  const packet = {
    ...{ in: { is: 'br-a' }, out: { is: 'eth0' }, protocol: 'tcp' as const },
    ...{ source: '198.51.100.2', destination: '192.0.2.9', port: 80 },
  };
  return walk(new Map([['filter', first?.chains ?? new Map()]]), 'filter', 'FORWARD', packet).map(
    ({ verdict, isPolicy }) => `${verdict}${isPolicy ? ' by policy' : ''}`,
  );
}

describe('parseNftChains', () => {
  const jump = { jump: { target: 'more' } };
  it.each<[string, readonly object[], readonly string[]]>([
    ['the policy', [], ['drop by policy']],
    ['an interface', [rule('fwd', 1, match(meta('iifname'), 'br-a'), { accept: null })], ['accept']],
    ['another one', [rule('fwd', 1, match(meta('iifname'), 'br-b'), { accept: null })], ['drop by policy']],
    ['any of them', [rule('fwd', 1, match(meta('iifname'), 'br-*'), { accept: null })], ['accept']],
    [
      'none of a set',
      [rule('fwd', 1, match(meta('iifname'), { set: ['br-a', 'br-b'] }, '!='), { accept: null })],
      ['drop by policy'],
    ],
    [
      'a set that has a name',
      [
        { set: { ...IN, name: 'some', elem: [{ prefix: { addr: '192.0.2.0', len: 24 } }] } },
        rule('fwd', 1, match(payload('ip', 'daddr'), '@some'), { accept: null }),
      ],
      ['accept'],
    ],
    [
      'ports',
      [rule('fwd', 1, match(payload('tcp', 'dport'), { set: [22, { range: [79, 81] }] }), { accept: null })],
      ['accept'],
    ],
    ['IPv6 alone', [rule('fwd', 1, match(meta('nfproto'), 'ipv6'), { accept: null })], ['drop by policy']],
    [
      'a map of verdicts',
      [
        {
          map: {
            ...IN,
            name: 'ways',
            elem: [
              ['eth1', { drop: null }],
              ['eth0', jump],
            ],
          },
        },
        { chain: { ...IN, name: 'more' } },
        rule('fwd', 1, { vmap: { key: meta('oifname'), data: '@ways' } }),
        rule('more', 2, match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), { drop: null }),
        rule('more', 3, { accept: null }),
      ],
      ['accept'],
    ],
    [
      'a map of states',
      [
        rule('fwd', 1, {
          vmap: { key: { ct: { key: 'state' } }, data: { set: [['established', { accept: null }]] } },
        }),
      ],
      ['drop by policy'],
    ],
    [
      'a map whose elements count',
      [
        rule('fwd', 1, {
          vmap: {
            key: meta('iifname'),
            data: { set: [[{ elem: { val: 'br-a', counter: { packets: 3 } } }, { accept: null }]] },
          },
        }),
      ],
      ['accept'],
    ],
    [
      'the element of a map that is for all others, of whom it does not know who they are',
      [rule('fwd', 1, { vmap: { key: payload('ip', 'saddr'), data: { set: [['*', { accept: null }]] } } })],
      ['accept', 'drop by policy'],
    ],
    [
      'a range of addresses, which iptables has no word for',
      [
        rule('fwd', 1, match(payload('ip', 'daddr'), { range: ['192.0.2.1', '192.0.2.20'] }), {
          accept: null,
        }),
      ],
      ['accept', 'drop by policy'],
    ],
    [
      'a port of another protocol',
      [rule('fwd', 1, match(payload('sctp', 'dport'), 80), { accept: null })],
      ['accept', 'drop by policy'],
    ],
    [
      'a MAC address, which is none of IP',
      [rule('fwd', 1, match(payload('ether', 'saddr'), '02:00:00:00:00:01'), { accept: null })],
      ['accept', 'drop by policy'],
    ],
    [
      'an IPv6 address',
      [rule('fwd', 1, match(payload('ip6', 'saddr'), '::1'), { accept: null })],
      ['drop by policy'],
    ],
    [
      'what is not known of the packet',
      [rule('fwd', 1, { limit: { rate: 5, per: 'second' } }, { accept: null })],
      ['accept', 'drop by policy'],
    ],
  ])('follows %s', (_title, entries, expected) => {
    expect(ends(nft(base('fwd'), ...entries))).toEqual(expected);
  });

  it('tells rules in the words of nft', () => {
    const text = nft(
      base('fwd'),
      rule('fwd', 1, match(meta('iifname'), 'br-a'), { jump: { target: 'more' } }),
      rule('fwd', 2, { dnat: { family: 'ip6', addr: '2001:db8::9', port: 80 } }),
      rule('fwd', 3, { vmap: { key: meta('oifname'), data: '@ways' } }),
    );
    const [first] = parseNftChains(text, 'ip') ?? [];
    expect(first?.chains.get('FORWARD')?.rules.map((one) => one.text.replace(/^.*: /, ''))).toEqual([
      'iifname br-a jump more # handle 1',
      'dnat to [2001:db8::9]:80 # handle 2',
      'oifname vmap @ways # handle 3',
    ]);
  });

  it('leaves out what iptables writes by nft, and what is of another family', () => {
    const text = nft(
      base('FORWARD', { family: 'ip', table: 'filter' }),
      base('six', { family: 'ip6' }),
      base('raw', { hook: 'prerouting', prio: -300 }),
    );
    const found = parseNftChains(text, 'ip')?.map(({ chain, kind }) => ({ chain, kind }));
    expect(found).toEqual([{ chain: 'raw', kind: 'raw' }]);
    expect(parseNftChains('{"nftables": [', 'ip')).toBeUndefined();
  });
});
