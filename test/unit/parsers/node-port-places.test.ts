import { expect, it } from 'vitest';
import { parseNodePortPlaces } from '../../../src/parsers/node-port-places.ts';

const rule = (what: string): string =>
  `-A KUBE-SERVICES ${what}-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -j KUBE-NODEPORTS\n`;

it.each([
  ['', {}],
  ['nftables ip\n\t\telements = { 198.51.100.11 }\n\t}\n}\n', { ip: ['198.51.100.11'] }],
  [
    'nftables ip\n\t\telements = { 198.51.100.11,\n\t\t\t     203.0.113.5 }\n\t}\n}\nnftables ip6\n\t\telements = { 2001:db8::11 }\n',
    { ip: ['198.51.100.11', '203.0.113.5'], ip6: ['2001:db8::11'] },
  ],
  ['nftables ip\nnftables ip6\n', { ip: [], ip6: [] }],
  [`iptables ip\n${rule('-m addrtype --dst-type LOCAL ')}`, {}],
  [`iptables ip\n${rule('! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL ')}`, {}],
  [
    `iptables ip\n${rule('-d 198.51.100.11/32 ')}${rule('-d 203.0.113.5/32 ')}iptables ip6\n${rule('-d 2001:db8::11/128 ')}`,
    { ip: ['198.51.100.11', '203.0.113.5'], ip6: ['2001:db8::11'] },
  ],
])('%j', (text, expected) => {
  expect(parseNodePortPlaces(text)).toEqual(expected);
});
