import { describe, expect, it } from 'vitest';
import { contains, parsePrefix, sameAddress } from '../../../src/parsers/ip-prefix.ts';

const inside = (prefix: string, address: string): boolean => {
  const [a, b] = [parsePrefix(prefix), parsePrefix(address)];
  if (!a || !b) throw new Error('not a prefix');
  return contains(a, b);
};

describe('parsePrefix', () => {
  it.each([
    '',
    'default',
    '198.18.1',
    '198.18.1.256',
    '198.018.1.2',
    '198.18.1.2/33',
    '1:2',
    '::1::',
    '2001:db8::/129',
    '1:2:3:4:5:6:7:8:9',
    'g::',
  ])('%j is none', (text) => expect(parsePrefix(text)).toBeUndefined());

  it('reads both families', () => {
    expect(parsePrefix('198.18.1.2')).toEqual({ family: 'inet', value: 3323068674n, length: 32 });
    expect(parsePrefix('::1')).toEqual({ family: 'inet6', value: 1n, length: 128 });
    expect(parsePrefix('::ffff:192.0.2.1')?.value).toBe(0xffffc0000201n);
    expect(parsePrefix('fe80::1%eth0')?.length).toBe(128);
  });
});

describe('contains', () => {
  it.each([
    ['198.18.1.0/24', '198.18.1.255', true],
    ['198.18.1.0/24', '198.18.2.0', false],
    ['0.0.0.0/0', '203.0.113.7', true],
    ['198.18.1.2/32', '198.18.1.2', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/0', '198.18.1.2', false],
  ])('%s has %s: %s', (prefix, address, expected) => expect(inside(prefix, address)).toBe(expected));
});

describe('sameAddress', () => {
  it('compares values, not letters', () => {
    expect(sameAddress('2001:db8:0:0::1', '2001:DB8::1')).toBe(true);
    expect(sameAddress('198.18.1.1', '198.18.1.10')).toBe(false);
    expect(sameAddress('web', 'web')).toBe(true);
    expect(sameAddress('web', '::')).toBe(false);
  });
});
