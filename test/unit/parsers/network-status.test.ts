import { describe, expect, it } from 'vitest';
import { parseNetworkStatus } from '../../../src/parsers/network-status.ts';

describe('parseNetworkStatus', () => {
  it('reads what Multus writes', () => {
    const text = `[{ "name": "cbr0", "interface": "eth0", "ips": ["10.244.1.7"], "default": true, "dns": {} },
      { "name": "default/lan", "interface": "net1", "ips": ["192.0.2.7"], "mac": "02:00:00:00:00:01", "dns": {} }]`;
    expect(parseNetworkStatus(text)).toEqual([
      { interface: 'eth0', isDefault: true },
      { interface: 'net1', isDefault: false },
    ]);
  });

  it.each([
    ['', []],
    ['null', []],
    ['{}', []],
    ['[{', []],
    ['[null, 7, {}]', [{ isDefault: false }]],
    ['[{"interface": "a b\\u001b[31m", "default": "yes"}]', [{ isDefault: false }]],
  ])('makes of %j no more than is in it', (text, expected) => {
    expect(parseNetworkStatus(text)).toEqual(expected);
  });
});
