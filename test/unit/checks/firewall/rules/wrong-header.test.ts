import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { destination, evidence, named, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const HEARD = 'listening on any\n1 packet captured\n';
const problem = (sender: string): string =>
  `10:00:00.1 eth0 In IP ${sender} > 198.51.100.7: ICMP parameter problem - octet 20, length 36\n`;

function judged(said: string, icmp: string): Judgement {
  const tries = [1, 2, 3].map(
    (i) =>
      `try ${i}00000\nreach: connect: ${said}\nreach: line 31: /dev/tcp/192.0.2.9/443: ${said}\nfailed 90\n`,
  );
  return judgeFirewall(
    evidence({
      'to0-reach': result(`address 192.0.2.9\n${tries.join('')}`, {
        command: ['reach', 'tcp', '192.0.2.9', '443'],
      }),
      'icmp-errors': result(icmp, { stderr: HEARD, command: ['tcpdump'] }),
    }),
    {
      destinations: [destination({ host: '192.0.2.9' })],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    },
  );
}

describe('NT-FW-012', () => {
  it.each([
    ['a router', problem('198.51.100.1'), /: 198\.51\.100\.1 calls a header of what is sent wrong/],
    ['the destination', problem('192.0.2.9'), /: the destination itself \(192\.0\.2\.9\) calls/],
    [
      'IPv6 words',
      '10:00:00.1 eth0 In IP6 2001:db8::1 > 2001:db8::7: ICMP6, parameter problem, errorneous - octet 6, length 64\n',
      /: 2001:db8::1 calls/,
    ],
    [
      'one of two',
      problem('198.51.100.1') + problem('198.51.100.2'),
      /: one of 198\.51\.100\.1, 198\.51\.100\.2 calls/,
    ],
    ['nobody that was heard', '', /: a host that could not be seen calls/],
  ])('names who sent it: %s', (_who, icmp, says) => {
    const judgement = judged('Protocol error', icmp);
    expect(named(judgement)).toEqual(['NT-FW-012 critical']);
    expect(judgement.findings[0]?.summary).toMatch(says);
    expect(judgement.findings[0]?.evidence.map(({ excerpt }) => excerpt).join()).toContain('Protocol error');
  });

  it('is silent where the connection fails with another error', () => {
    expect(named(judged('Connection refused', problem('198.51.100.1')))).not.toContain('NT-FW-012 critical');
  });

  it('leaves a message that no connection failed by to the silence beside it', () => {
    const silent = judgeFirewall(
      evidence({
        'to0-reach': result('address 192.0.2.9\ntry 400000\n', {
          command: ['reach', 'tcp', '192.0.2.9', '443'],
          status: 'timeout',
          durationMs: 4000,
        }),
        'icmp-errors': result(problem('198.51.100.1'), { stderr: HEARD, command: ['tcpdump'] }),
        'reach-sockets': result(
          'SYN-SENT 0 1 198.51.100.7:45086 192.0.2.9:443\n\t bbr rto:1000 unacked:1 retrans:1/2 lost:1\n',
          { command: ['ss'] },
        ),
      }),
      {
        destinations: [destination({ host: '192.0.2.9' })],
        policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
      },
    );
    expect(named(silent)).toEqual(['NT-FW-001 critical']);
    expect(silent.findings[0]?.summary).toContain(
      '198.51.100.1 said that a header of a packet is wrong (ICMP parameter problem)',
    );
  });
});
