import { describe, expect, it } from 'vitest';
import { parseAdvertisements } from '../../../src/parsers/router-advertisements.ts';

const file = (name: string, setting: string, value: number) =>
  `/proc/sys/net/ipv6/conf/${name}/${setting}:${value}\n`;

describe('parseAdvertisements', () => {
  it('has both settings of each interface, whatever its name', () => {
    const text = [
      '/proc/sys/net/ipv4/conf/eth0/rp_filter:1\n',
      ...['eth0.100', 'accept_ra'].map((name) => file(name, 'accept_ra', 1)),
      file('eth0.100', 'forwarding', 2),
      file('accept_ra', 'forwarding', 0),
      // Of one that is gone meanwhile.
      file('eth1', 'forwarding', 1),
      '/proc/sys/net/ipv4/conf/eth0/forwarding:1\n',
    ].join('');
    expect([...(parseAdvertisements(text) ?? [])]).toEqual([
      ['eth0.100', { acceptRa: 1, forwarding: 2 }],
      ['accept_ra', { acceptRa: 1, forwarding: 0 }],
    ]);
  });

  it('knows nothing without IPv6', () => {
    expect(parseAdvertisements('/proc/sys/net/ipv4/conf/eth0/rp_filter:1\n')).toBeUndefined();
  });
});
