import { describe, expect, it } from 'vitest';
import { parseArping, parseDuplicates } from '../../../src/parsers/arping.ts';
import { parseNextHop } from '../../../src/parsers/next-hop.ts';

describe('parseNextHop', () => {
  it.each([
    ['unresolved\n', 'the name does not resolve on the target'],
    ['address 192.0.2.1\nno ip\n', { code: 'no-tool', text: 'ip' }],
    ['', 'the route could not be queried'],
    ['address 192.0.2.1\n', 'ip said nothing about the route'],
    ['address 192.0.2.1\nUsage: ip [OPTIONS]\n', 'Usage: ip [OPTIONS]'],
  ])('%j is no way', (stdout, reason) => expect(parseNextHop(stdout)).toEqual(reason));

  it.each([
    ['Invalid argument', 'blackhole'],
    ['No route to host', 'unreachable'],
    ['Permission denied', 'prohibit'],
    ['Network is unreachable', 'none'],
    ['Something new', 'other'],
  ])('%s is %s, also as busybox says it', (said, error) => {
    for (const who of ['', 'ip: ']) {
      const hop = parseNextHop(`address 192.0.2.1\n${who}RTNETLINK answers: ${said}\n`);
      expect(hop).toMatchObject({ route: { outcome: 'error', error } });
    }
  });

  it.each([
    [
      '192.0.2.9 via 198.18.1.1 dev eth0 src 198.18.1.2 uid 0 ',
      { gateway: '198.18.1.1', device: 'eth0', source: '198.18.1.2', local: false },
    ],
    ['192.0.2.9 via inet6 fe80::1 dev eth0 src 198.18.1.2 uid 0 ', { gateway: 'fe80::1', device: 'eth0' }],
    ['192.0.2.9 via 198.18.1.1 dev eth0  src 198.18.1.2 ', { gateway: '198.18.1.1', source: '198.18.1.2' }],
    ['192.0.2.9 dev eth0 table 100 src 198.18.1.2 uid 0', { gateway: undefined, device: 'eth0' }],
    ['local 192.0.2.9 dev lo src 192.0.2.9 uid 0 ', { local: true, device: 'lo' }],
    [
      '2001:db8::9 from :: via fe80::1 dev eth0 proto ra src 2001:db8::2 metric 1024 pref medium',
      { gateway: 'fe80::1', source: '2001:db8::2' },
    ],
  ])('%s', (line, route) => {
    expect(parseNextHop(`address 192.0.2.9\n${line}\n    cache \n`)).toMatchObject({ route });
  });

  it.each([
    ['cache <redirected> expires 298sec', true],
    ['cache <local,redirected> ', true],
    ['cache ', false],
    ['cache <local> ', false],
  ])('reads of the cache whether a router has redirected it: %s', (cache, isRedirected) => {
    const stdout = `address 192.0.2.9\n192.0.2.9 via 198.18.1.3 dev eth0 src 198.18.1.2 uid 0 \n    ${cache}\n`;
    expect(parseNextHop(stdout)).toMatchObject({ route: { gateway: '198.18.1.3', isRedirected } });
  });

  it('reads who was asked', () => {
    const stdout = `address 198.18.1.3\n198.18.1.3 dev eth0 src 198.18.1.2 uid 0 \n    cache \nasked 198.18.1.3 eth0\nARPING 198.18.1.3 from 198.18.1.2 eth0\nUnicast reply from 198.18.1.3 [2E:E6:52:C7:BA:D8]  0.6ms\nUnicast reply from 198.18.1.3 [2E:E6:52:C7:BA:D8]  0.6ms\nSent 2 probes (2 broadcast(s))\nReceived 2 response(s)\n`;
    expect(parseNextHop(stdout)).toMatchObject({
      asked: {
        address: '198.18.1.3',
        device: 'eth0',
        answers: { macs: ['2e:e6:52:c7:ba:d8'], skipped: undefined },
      },
    });
  });
});

describe('parseArping', () => {
  it.each([
    ['ARPING 1.2.3.4\nSent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n', undefined],
    [
      'ARPING 1.2.3.4\nSent 2 probe(s) (0 broadcast(s))\nReceived 0 response(s) (0 request(s), 0 broadcast(s))\n',
      undefined,
    ],
    ['arping: socket: Operation not permitted\n', { code: 'no-right', text: 'asking by ARP needs NET_RAW' }],
    ['no arping\n', { code: 'no-tool', text: 'arping' }],
    [
      'arping: Interface "wg0" is not ARPable\n',
      { code: 'no-arp', text: 'arping: Interface "wg0" is not ARPable' },
    ],
    ['ARPING 1.2.3.4 from 1.2.3.5 eth0\n', { code: 'other', text: 'arping did not finish' }],
  ])('%j: nobody, because %j', (text, skipped) => {
    expect(parseArping(text.replaceAll(/1\.2\.3\.(\d)/g, '192.0.2.$1'))).toEqual({ macs: [], skipped });
  });
});

describe('parseDuplicates', () => {
  it('tells the addresses apart, though their lines are mixed', () => {
    const stdout = [
      'own 192.0.2.1 eth0 ARPING 192.0.2.1 from 0.0.0.0 eth0',
      'own 203.0.113.1 net1 ARPING 203.0.113.1 from 0.0.0.0 net1',
      'own 192.0.2.1 eth0 Unicast reply from 192.0.2.1 [02:00:00:00:00:01]  0.6ms',
      'own 203.0.113.1 net1 Sent 2 probes (2 broadcast(s))',
      'own 203.0.113.1 net1 Received 0 response(s)',
    ].join('\n');
    expect(parseDuplicates(stdout)).toEqual([
      { address: '192.0.2.1', device: 'eth0', answers: { macs: ['02:00:00:00:00:01'], skipped: undefined } },
      { address: '203.0.113.1', device: 'net1', answers: { macs: [], skipped: undefined } },
    ]);
    expect(parseDuplicates('no arping\n')).toEqual({ code: 'no-tool', text: 'arping' });
  });
});
