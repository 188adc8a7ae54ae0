import { describe, expect, it } from 'vitest';
import { growth, parseCounters } from '../../../src/parsers/proc-net.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseCounters', () => {
  const counters = parseCounters(recording('proc-net').stdout);

  it('reads both files', () => {
    expect(counters['Tcp.ActiveOpens']).toBeGreaterThan(0);
    expect(counters).toMatchObject({
      'Tcp.MaxConn': -1,
      'Tcp.RetransSegs': expect.any(Number),
      'TcpExt.TCPSynRetrans': expect.any(Number),
      'TcpExt.TCPOrigDataSent': expect.any(Number),
      'IpExt.InNoRoutes': expect.any(Number),
    });
  });

  it('reads every column', () => {
    for (const value of Object.values(counters)) expect(Number.isInteger(value)).toBe(true);
    const columns = recording('proc-net')
      .stdout.split('\n')
      .filter((line) => /^\w+: -?\d/.test(line))
      .flatMap((line) => line.split(' ').slice(1));
    expect(Object.keys(counters)).toHaveLength(columns.length);
  });

  it('reads groups that repeat a name line, as kernels with many columns of ICMP types print them', () => {
    expect(parseCounters('Icmp: A\nIcmp: 1\nIcmpMsg: InType8\nIcmpMsg: 4\n')).toEqual({
      'Icmp.A': 1,
      'IcmpMsg.InType8': 4,
    });
  });

  it.each([
    '',
    '\n',
    'cat: /proc/net/netstat: No such file or directory',
    'Tcp: 1 2 3',
    'Tcp: A B\nUdp: 1 2\n',
    'Tcp:\nTcp:\n',
  ])('reads nothing from %j', (text) => {
    expect(parseCounters(text)).toEqual({});
  });

  it('reads the columns that both lines have', () => {
    expect(parseCounters('Tcp: A B\nTcp: 1\n')).toEqual({ 'Tcp.A': 1 });
    expect(parseCounters('Tcp: A\nTcp: 1 2\n')).toEqual({ 'Tcp.A': 1 });
  });
});

describe('growth', () => {
  it('is the difference, or nothing where a snapshot lacks the counter', () => {
    expect(growth({ a: 3 }, { a: 10 }, 'a')).toBe(7);
    expect(growth({ a: 3 }, { a: 3 }, 'a')).toBe(0);
    expect(growth({}, { a: 1 }, 'a')).toBeUndefined();
    expect(growth({ a: 1 }, {}, 'a')).toBeUndefined();
  });
});
