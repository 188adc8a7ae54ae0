import { describe, expect, it } from 'vitest';
import { meets, type Packet } from '../../../../src/checks/firewall/rule-hits.ts';
import type { FilterRule, RuleMatch } from '../../../../src/parsers/filter-rules.ts';

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
});
