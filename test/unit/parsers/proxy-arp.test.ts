import { describe, expect, it } from 'vitest';
import { parseProxyArp } from '../../../src/parsers/proxy-arp.ts';

const file = (name: string, value: number): string => `/proc/sys/net/ipv4/conf/${name}/proxy_arp:${value}\n`;

describe('parseProxyArp', () => {
  it('is on where that of all or its own is', () => {
    const own = parseProxyArp(file('all', 0) + file('cali0', 1) + file('eth0.100', 0));
    expect(['cali0', 'eth0.100', 'eth9'].map((name) => own?.(name))).toEqual([true, false, undefined]);
    const all = parseProxyArp(file('all', 1) + file('eth0', 0));
    expect(all?.('eth0')).toBe(true);
  });

  it('is not known where the files could not be read', () => {
    expect(parseProxyArp('/proc/sys/net/ipv4/conf/all/rp_filter:1\n')).toBeUndefined();
  });
});
