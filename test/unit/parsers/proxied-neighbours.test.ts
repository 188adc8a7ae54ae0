import { describe, expect, it } from 'vitest';
import { parseProxied } from '../../../src/parsers/proxied-neighbours.ts';

const LIST =
  '[{"dst":"2001:db8::9","dev":"eth0","proxy":null},{"dst":"2001:db8::8","dev":"eth1","proxy":null}]\n';
const on = (...names: readonly string[]): string =>
  ['all', 'eth0', 'eth1']
    .map((name) => `/proc/sys/net/ipv6/conf/${name}/proxy_ndp:${names.includes(name) ? 1 : 0}\n`)
    .join('');

describe('parseProxied', () => {
  it('keeps what the kernel answers for: entries of interfaces that are switched on', () => {
    expect(parseProxied(LIST + on('eth0'))).toEqual([{ address: '2001:db8::9', device: 'eth0' }]);
    expect(parseProxied(LIST + on('all'))).toHaveLength(2);
    expect(parseProxied(LIST + on())).toEqual([]);
  });

  it('takes a host without IPv6 for one without entries', () => {
    expect(parseProxied('')).toEqual([]);
    expect(parseProxied('[]\n')).toEqual([]);
    expect(parseProxied(`not json\n${on('eth0')}`)).toEqual([]);
  });
});
