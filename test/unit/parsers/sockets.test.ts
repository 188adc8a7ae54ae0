import { describe, expect, it } from 'vitest';
import { isLoopback, parseListeners } from '../../../src/parsers/listeners.ts';
import { parsePortUse } from '../../../src/parsers/port-use.ts';
import { parseSocketDrops } from '../../../src/parsers/socket-drops.ts';
import { parseUdpDrops } from '../../../src/parsers/udp-drops.ts';
import { recorded } from '../checks/recorded-ways.ts';

describe('parseListeners', () => {
  it('reads recorded ones', () => {
    const of = (name: string) => parseListeners(recorded(name).evidence['listeners']?.stdout ?? '');
    expect(of('sockets-healthy')).toMatchObject([{ protocol: 'tcp', address: '*', port: 8080, waiting: 0 }]);
    const [shy] = of('sockets-loopback');
    expect(shy).toMatchObject({ address: '127.0.0.1', port: 8080 });
    expect(shy && isLoopback(shy)).toBe(true);
  });

  it.each([
    [
      'tcp   LISTEN 2      1            0.0.0.0:7000      0.0.0.0:*',
      { address: '0.0.0.0', port: 7000, waiting: 2, limit: 1 },
    ],
    [
      'tcp   LISTEN 0      128             [::]:22           [::]:*    users:(("sshd",pid=1,fd=3))',
      { address: '::', port: 22, process: 'sshd' },
    ],
    [
      'udp   UNCONN 212992 0      127.0.0.53%lo:53        0.0.0.0:*',
      { protocol: 'udp', address: '127.0.0.53', port: 53 },
    ],
    ['tcp   LISTEN 0      128            [::1]:631          [::]:*', { address: '::1', port: 631 }],
    ['tcp   LISTEN 0      128 [fe80::1]%eth0:631          [::]:*', { address: 'fe80::1', port: 631 }],
  ])('reads %s', (line, expected) => {
    expect(parseListeners(`${line}\n`)).toMatchObject([expected]);
  });

  it('leaves other lines out', () => {
    expect(parseListeners('nl UNCONN 0 0 rtnl:ss/1 *\n\nsomething\n')).toEqual([]);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['*', false],
    ['0.0.0.0', false],
    ['198.51.100.7', false],
  ])('%s is loopback: %s', (address, expected) => {
    const listener = {
      protocol: 'tcp',
      address,
      port: 1,
      waiting: 0,
      limit: 0,
      process: undefined,
      pid: undefined,
      line: '',
    } as const;
    expect(isLoopback(listener)).toBe(expected);
  });
});

describe('parsePortUse', () => {
  it('reads a recorded one', () => {
    const use = parsePortUse(recorded('sockets-healthy').evidence['port-use']?.stdout ?? '');
    expect(use).toMatchObject({ first: 32768, last: 60999 });
  });

  it('reads the busiest ends', () => {
    expect(
      parsePortUse('range 45000 45009\ntaken 9\npeer 8 198.51.100.7:80\npeer 1 [2001:db8::7]:443\n'),
    ).toEqual({
      first: 45000,
      last: 45009,
      taken: 9,
      busiest: [
        { peer: '198.51.100.7:80', connections: 8 },
        { peer: '[2001:db8::7]:443', connections: 1 },
      ],
    });
  });

  it('says when it cannot', () => {
    expect(parsePortUse('range 32768 60999\nno ss\n')).toBeUndefined();
    expect(parsePortUse('')).toBeUndefined();
  });
});

describe('parseUdpDrops', () => {
  it('reads what each socket lost', () => {
    const stdout = [
      'UNCONN 213248 0 0.0.0.0:7000 0.0.0.0:*',
      '\t skmem:(r213248,rb212992,t0,tb212992,f0,w0,o0,bl0,d213)',
      'ESTAB 0 0 198.51.100.2:5000 198.51.100.7:53',
      '\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)',
      '0 0 [::]:7001 [::]:*',
      '\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d4)',
    ].join('\n');
    expect([...parseUdpDrops(stdout)]).toEqual([
      ['0.0.0.0:7000', 213],
      ['198.51.100.2:5000', 0],
      ['[::]:7001', 4],
    ]);
  });
});

describe('parseSocketDrops', () => {
  // ss of iproute2 6.1.0, of an accept queue and a receive buffer that were full, and one that two programs share.
  const stdout = [
    'udp UNCONN 211968 0      0.0.0.0:7001 0.0.0.0:*',
    '\t skmem:(r211968,rb212992,t0,tb212992,f1024,w0,o0,bl0,d308)',
    'tcp LISTEN 0      4      0.0.0.0:7000 0.0.0.0:*',
    '\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d74)          ',
    'tcp LISTEN 0      128       [::]:8080    [::]:*',
    '\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d1)          ',
    'tcp LISTEN 0      128       [::]:8080    [::]:*',
    '\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d2)          ',
    '',
  ].join('\n');

  it('reads what each address has dropped', () => {
    expect(
      parseSocketDrops(stdout).map(({ protocol, local, port, dropped }) => [protocol, local, port, dropped]),
    ).toEqual([
      ['udp', '0.0.0.0:7001', 7001, 308],
      ['tcp', '0.0.0.0:7000', 7000, 74],
      ['tcp', '[::]:8080', 8080, 3],
    ]);
  });

  it('knows nothing of a socket whose memory is not shown', () => {
    expect(
      parseSocketDrops('udp UNCONN 0 0 *:53 *:*\nudp UNCONN 0 0 *:54 *:*\n\t skmem:(r0,d0)\n'),
    ).toHaveLength(1);
    expect(parseSocketDrops('')).toEqual([]);
  });
});
