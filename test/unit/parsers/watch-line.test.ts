import { describe, expect, it } from 'vitest';
import { parseWatchLine } from '../../../src/parsers/watch-line.ts';

// As image/prober/watch.c prints them; taken from runs in network namespaces.
describe('a line of the watch', () => {
  it('begins, counts and ends', () => {
    expect(parseWatchLine('b 39313772 1')).toEqual({ kind: 'begun', ms: 39313772, hears: true });
    expect(parseWatchLine('t 39315274 0 4 1 53,43,37')).toEqual({
      kind: 'tally',
      ms: 39315274,
      goal: 0,
      sent: 4,
      missed: 1,
      rtts: [0.053, 0.043, 0.037],
      unsent: 0,
    });
    expect(parseWatchLine('t 39315274 0 1 0 53 12')).toMatchObject({ sent: 1, rtts: [0.053], unsent: 12 });
    expect(parseWatchLine('t 39315274 0 1 1  12')).toMatchObject({ missed: 1, rtts: [], unsent: 12 });
    expect(parseWatchLine('t 5 0 3 3 ')).toMatchObject({ sent: 3, missed: 3, rtts: [] });
    expect(parseWatchLine('r 39467768 0 3 1')).toEqual({
      kind: 'recovery',
      ms: 39467768,
      goal: 0,
      missed: 3,
      late: 1,
    });
    expect(parseWatchLine('p 39486065 0,1,2 61 6074')).toEqual({
      kind: 'packets',
      ms: 39486065,
      goals: [0, 1, 2],
      packets: 61,
      bytes: 6074,
    });
    expect(parseWatchLine('e 39469770 over')).toEqual({ kind: 'end', ms: 39469770, reason: 'over' });
  });

  it('says what a miss was', () => {
    const line =
      'm 39492008 0 39491007 reason=unreachable error=No%20route%20to%20host address=10.77.0.2 tries=1 icmp=10.77.0.2/3/13 seen=1/0/0 rt=wat-a//10.77.0.1// nb=10.77.0.2/REACHABLE/0a:dd:b4:ec:c9:69 link=1/1 c=IcmpInDestUnreachs:1,TcpAttemptFails:2 ct=0/262144';
    expect(parseWatchLine(line)).toEqual({
      kind: 'miss',
      ms: 39492008,
      goal: 0,
      lastMs: 39491007,
      evidence: {
        reason: 'unreachable',
        error: 'No route to host',
        address: '10.77.0.2',
        tries: 1,
        icmp: { sender: '10.77.0.2', type: 3, code: 13 },
        route: { device: 'wat-a', source: '10.77.0.1' },
        neighbour: { address: '10.77.0.2', state: 'REACHABLE', mac: '0a:dd:b4:ec:c9:69' },
        link: { up: true, carrier: true },
        counters: { IcmpInDestUnreachs: 1, TcpAttemptFails: 2 },
        conntrack: { count: 0, max: 262144 },
        seen: { out: 1, in: 0, arp: 0 },
      },
    });
    const blackhole =
      'm 9 1 0 reason=no-route error=Invalid%20argument address=10.77.0.2 tries=1 rt=///blackhole/Invalid%20argument';
    expect(parseWatchLine(blackhole)).toMatchObject({
      evidence: { reason: 'no-route', route: { type: 'blackhole', error: 'Invalid argument' }, counters: {} },
    });
    expect(parseWatchLine(blackhole)).not.toHaveProperty('lastMs');
  });

  it('says which name server had to answer, and which was no help', () => {
    expect(parseWatchLine('s 123 0 192.0.2.2 silent 192.0.2.3')).toEqual({
      kind: 'fallback',
      ms: 123,
      goal: 0,
      server: '192.0.2.2',
      answer: 'silent',
      by: '192.0.2.3',
    });
    expect(parseWatchLine('s 123 0 192.0.2.2 Connection%20refused 192.0.2.3')).toMatchObject({
      answer: 'Connection refused',
    });
    expect(parseWatchLine('s 123 0 192.0.2.2 silent')).toBeUndefined();
    expect(parseWatchLine('f 130 0 7')).toEqual({ kind: 'fallback-end', ms: 130, goal: 0, count: 7 });
    expect(parseWatchLine('f 130 0')).toBeUndefined();
    const both =
      'm 9 1 0 reason=dns-silent error= address=192.0.2.3 tries=1 dns=192.0.2.3/db.example.test/silent dnsbefore=192.0.2.2/Connection%20refused seen=1/0/0 left=1';
    expect(parseWatchLine(both)).toMatchObject({
      evidence: {
        dns: { server: '192.0.2.3', before: { server: '192.0.2.2', answer: 'Connection refused' } },
        seen: { out: 1, in: 0, arp: 0, before: true },
      },
    });
  });

  it.each([
    '',
    'x 1',
    'm',
    'm 1 x 2',
    't 1 2',
    't 1 0 4 0 5,x',
    'e 1 gone',
    'p 1 0,x 5 6',
    'b x',
    `t ${'9'.repeat(40)} 0 1 0 1`,
  ])('is none: %j', (line) => expect(parseWatchLine(line)).toBeUndefined());

  it('takes any bytes of a hostile far side as text', () => {
    expect(
      parseWatchLine(
        'm 1 0 0 reason=evil error=%1b[2J%zz address=a tries=x icmp=a/b/c seen=1 __proto__=1 c=a:b,c',
      ),
    ).toEqual({
      kind: 'miss',
      ms: 1,
      goal: 0,
      evidence: { reason: 'other', error: '%1b[2J%zz', address: 'a', tries: 0, counters: {} },
    });
  });
});
