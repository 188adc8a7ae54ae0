import { describe, expect, it } from 'vitest';
import { objectorsTold, toldToSockets } from '../../../../src/checks/firewall/told.ts';
import type { ReachTry } from '../../../../src/parsers/reach.ts';

const failed = (icmp?: ReachTry['icmp']): ReachTry => ({
  outcome: 'failed',
  error: 'Connection refused',
  ms: 1,
  ...(icmp !== undefined && { icmp }),
});
const from = (type: number, code: number, sender: string) => failed({ type, code, sender });

describe('what a socket was told', () => {
  it.each([
    [3, 3, '192.0.2.1', 'port-unreachable'],
    [3, 13, '192.0.2.1', 'prohibited'],
    [3, 0, '192.0.2.1', 'net-unreachable'],
    [1, 1, '2001:db8::1', 'prohibited'],
    [1, 3, '2001:db8::1', 'host-unreachable'],
    [1, 4, '2001:db8::1', 'port-unreachable'],
    [3, 15, '192.0.2.1', 'other'],
  ])('ICMP %i/%i from %s is %s', (type, code, sender, kind) => {
    expect(toldToSockets([from(type, code, sender)], '198.51.100.7', 80)).toEqual({
      unreachables: [{ sender, about: '198.51.100.7', port: 80, protocol: 'tcp', kind }],
      expiredAt: [],
      always: true,
    });
  });

  it('tells a time exceeded apart', () => {
    const { unreachables, expiredAt } = toldToSockets(
      [from(11, 0, '192.0.2.1'), from(3, 0, '2001:db8::1')],
      '198.51.100.7',
      80,
    );
    expect({ unreachables, expiredAt }).toEqual({
      unreachables: [],
      expiredAt: ['192.0.2.1', '2001:db8::1'],
    });
  });

  it('tells a parameter problem apart', () => {
    const tries = [from(12, 0, '192.0.2.1'), from(12, 0, '192.0.2.1'), from(4, 1, '2001:db8::1')];
    expect(objectorsTold(tries)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(toldToSockets(tries, '198.51.100.7', 80).unreachables).toEqual([]);
  });

  it('is a sign by its absence only where the kernel told of every try', () => {
    const always = (...tries: readonly ReachTry[]) => toldToSockets(tries, '198.51.100.7', 80).always;
    expect(always(failed('none'), failed('none'))).toBe(true);
    expect(always(failed('none'), failed())).toBe(false);
    expect(always({ outcome: 'unanswered', ms: 3600 })).toBe(false);
  });
});
