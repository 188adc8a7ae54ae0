import { describe, expect, it } from 'vitest';
import type { Packet } from '../../../../src/checks/shared/packet.ts';
import { meets, ruleSnapshots, surelyStops } from '../../../../src/checks/shared/rule-hits.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import type { FilterRule, RuleMatch } from '../../../../src/parsers/filter-rules.ts';
import { evidence, result } from '../results.ts';

const packet: Packet = { protocol: 'tcp', address: '198.51.100.7', port: 8080, source: '198.51.100.2' };
const rule = (hook: string | undefined, matches: readonly RuleMatch[], family = 'ip'): FilterRule => ({
  source: 'nft',
  family,
  table: 't',
  chain: 'c',
  hook,
  key: 'k',
  verdict: 'drop',
  packets: 1,
  matches,
  isUnderstood: true,
  spared: [],
  maySpare: false,
  text: '',
});
const match = (field: RuleMatch['field'], value: string, negated = false): RuleMatch => ({
  field,
  values: [value],
  negated,
});

describe('meets', () => {
  it.each<[string, string | undefined, RuleMatch[], string | undefined]>([
    ['everything that is sent', 'output', [], 'output'],
    ['everything that comes', 'input', [], 'input'],
    ['what the node forwards', 'forward', [], undefined],
    ['the port, on the way out', 'output', [match('dport', '8080')], 'output'],
    ['another port', 'output', [match('dport', '8081')], undefined],
    ['the port of the answers', 'input', [match('sport', '8080')], 'input'],
    ['the port, on the way in', 'input', [match('dport', '8080')], 'input'],
    ['a range with the port', 'output', [match('dport', '8000-8080')], 'output'],
    ['a range without it', 'output', [match('dport', '8000-8079')], undefined],
    ['any port but this', 'output', [match('dport', '8080', true)], undefined],
    ['any port but another', 'output', [match('dport', '80', true)], 'output'],
    ['another protocol', 'output', [match('protocol', 'udp')], undefined],
    ['the network', 'postrouting', [match('daddr', '198.51.100.0/24')], 'output'],
    ['another network', 'output', [match('daddr', '192.0.2.0/24')], undefined],
    ['the own address', 'output', [match('saddr', '198.51.100.2')], 'output'],
    ['another own address', 'output', [match('saddr', '198.51.100.3')], undefined],
    ['from the destination', 'prerouting', [match('saddr', '198.51.100.7')], 'input'],
    // Tracking that has not seen the question calls the answer invalid.
    ['whatever answers nothing', 'input', [match('ctstate', 'established', true)], 'input'],
    ['what is not invalid', 'input', [match('ctstate', 'invalid', true)], 'input'],
    [
      'what is in no state that an answer has',
      'input',
      [{ field: 'ctstate', values: ['established', 'invalid', 'untracked'], negated: true }],
      undefined,
    ],
    ['whatever is not new, on the way out', 'output', [match('ctstate', 'new', true)], undefined],
    [
      'whatever answers nothing, by a concatenation',
      'input',
      [{ ...match('ctstate', 'established', true), and: [{ field: 'sport', values: ['8080'] }] }],
      'input',
    ],
    ['in a chain that others jump to', undefined, [match('sport', '8080')], 'unknown'],
    ['in such a chain, another protocol', undefined, [match('protocol', 'udp')], undefined],
  ])('%s', (_what, hook, matches, expected) => {
    expect(meets(rule(hook, matches), packet)).toBe(expected);
  });

  it('keeps address families apart', () => {
    expect(meets(rule('output', [], 'ip6'), packet)).toBeUndefined();
    expect(meets(rule('output', [], 'inet'), packet)).toBe('output');
    expect(meets(rule('output', [], 'arp'), packet)).toBeUndefined();
    const v6 = { ...packet, address: '2001:db8::7', source: undefined };
    expect(meets(rule('output', [], 'ip'), v6)).toBeUndefined();
    expect(meets(rule('output', [match('daddr', '2001:db8::/32')], 'ip6'), v6)).toBe('output');
    expect(meets(rule('output', [match('saddr', '2001:db8::3')], 'ip6'), v6)).toBe('output');
  });

  const state = (...values: string[]): RuleMatch => ({ field: 'ctstate', values, negated: false });

  it.each<[string, RuleMatch[], RuleMatch[][], string | undefined, string | undefined]>([
    ['an answer is established', [state('new')], [], 'output', undefined],
    ['or not known to connection tracking', [state('invalid')], [], undefined, 'input'],
    ['what starts a connection is new', [state('established', 'related')], [], undefined, 'input'],
    ['what was accepted before comes no further', [], [[match('protocol', 'tcp')]], undefined, undefined],
    ['answers that were accepted before', [], [[state('related', 'established')]], 'output', undefined],
    ['others were accepted before', [], [[match('protocol', 'udp')]], 'output', 'input'],
    ['the own port, which is not known', [], [[match('sport', '40000')]], 'output', 'input'],
  ])('%s', (_what, matches, spared, out, back) => {
    expect(meets({ ...rule('output', matches), spared }, packet)).toBe(out);
    expect(meets({ ...rule('input', matches), spared }, packet)).toBe(back);
  });
});

describe('surelyStops', () => {
  it.each<[string, FilterRule, boolean]>([
    ['the port', rule('output', [match('dport', '8080'), match('protocol', 'tcp')]), true],
    ['everything', rule('output', []), true],
    ['a condition that is not understood', { ...rule('output', []), isUnderstood: false }, false],
    ['a condition that is not known of the packet', rule('output', [match('sport', '40000')]), false],
    ['another port', rule('output', [match('dport', '80')]), false],
    ['answers', rule('input', []), false],
    ['a chain that others jump to', rule(undefined, []), false],
    [
      'one that an earlier rule lets through',
      { ...rule('output', []), spared: [[match('dport', '8080')]] },
      false,
    ],
  ])('%s', (_what, one, expected) => {
    expect(surelyStops(one, packet)).toBe(expected);
  });
});

describe('ruleSnapshots of what was cut', () => {
  const CUT = { code: 153, truncated: true } as const;
  const save = (packets: number, rest: Partial<ProbeResult> = {}): Omit<ProbeResult, 'id'> =>
    result(
      `*filter\n:OUTPUT DROP [${packets}:0]\n[${packets}:0] -A OUTPUT -p tcp --dport 80 -j DROP\n[9:9] -A OUT`,
      rest,
    );
  const all = (rest: Partial<ProbeResult>): ReturnType<typeof ruleSnapshots> =>
    ruleSnapshots(
      evidence({
        'nft-before': result('{"nftables": [', rest),
        'nft-after': result('{"nftables": [', rest),
        'iptables-before': save(1, rest),
        'iptables-after': save(4, rest),
        'legacy-before': result('', rest),
        'legacy-after': result('', rest),
      }),
    );

  it('blames no right that is there', () => {
    const { books } = all(CUT);
    expect(books.value).toBeUndefined();
    expect(books.skipped?.text).toBe(
      'the output is longer than the 1 MiB that a run carries and was cut off',
    );
    expect(all({ code: 1, stdout: '', stderr: 'Operation not permitted\n' }).books.skipped).toEqual({
      code: 'no-right',
      text: 'reading rules needs NET_ADMIN',
    });
  });

  it('takes a rule that counted for what it is, and a policy for nothing', () => {
    expect(all(CUT).grown.map(({ rule: { text }, packets }) => [text, packets])).toEqual([
      ['-t filter -A OUTPUT -p tcp --dport 80 -j DROP', 3],
    ]);
    expect(all(CUT).uncounted).toEqual([]);
  });

  it('is not whole where one kind of rules is not', () => {
    const { books } = ruleSnapshots(
      evidence({
        'nft-before': result('{"nftables": []}'),
        'nft-after': result('{"nftables": []}'),
        'legacy-before': save(1),
        'legacy-after': save(1, CUT),
      }),
    );
    expect(books).toMatchObject({
      skipped: { text: expect.stringContaining('1 MiB') },
      part: { totals: { legacy: 1 } },
    });
  });
});
