import { describe, expect, it } from 'vitest';
import { hopResult } from '../../../../src/checks/shared/way.ts';
import { evidence, result } from '../results.ts';

/** The words by which the way to HOST is quoted. */
const quoted = (host: string, stdout: string): readonly string[] =>
  hopResult(evidence({ 'to0-hop': result(stdout, { command: ['ip', 'route', 'get', host] }) }), 'to0')
    ?.command ?? [];

describe('the question for the way to a host', () => {
  it.each([
    ['a name', 'shop.example.com', 'address 192.0.2.9\n192.0.2.9 dev eth0\n', '192.0.2.9'],
    ['an address', '192.0.2.9', 'address 192.0.2.9\n192.0.2.9 dev eth0\n', '192.0.2.9'],
    ['an address of a link', 'fe80::1%eth0', 'address fe80::1\nfe80::1 dev eth0\n', 'fe80::1 oif eth0'],
    // What was asked for is all that is known.
    ['a name that does not resolve', 'nowhere.example.com', 'unresolved\n', 'nowhere.example.com'],
  ])('of %s can be repeated', (_what, host, stdout, words) => {
    expect(quoted(host, stdout).join(' ')).toBe(`ip route get ${words}`);
  });

  it('that was not asked is none', () => {
    expect(hopResult({}, 'to0')).toBeUndefined();
  });
});
