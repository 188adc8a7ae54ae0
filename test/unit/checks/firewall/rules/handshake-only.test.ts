import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { destination, evidence, named, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

/** A connection that stands, and what of it waits. */
const socket = (queue: number, acknowledged: number, backoff = 3): string =>
  `ESTAB 0 ${queue} 198.51.100.7:45086 192.0.2.9:443\n\t bbr rto:1632 backoff:${backoff} rtt:0.04/0.02 mss:1448 bytes_acked:${acknowledged} unacked:1 retrans:1/4 lost:1 minrtt:0.04\n`;

function judged(sockets: string, said = 'first 1\n'): Judgement {
  return judgeFirewall(
    evidence({
      'to0-reach': result(`address 192.0.2.9\ntry 400000\nok 90\n${said}`, {
        command: ['reach', 'tcp', '192.0.2.9', '443'],
      }),
      'reach-sockets': result(sockets, { command: ['ss'] }),
    }),
    {
      destinations: [destination({ host: '192.0.2.9' })],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    },
  );
}

describe('NT-FW-013', () => {
  it.each([
    ['the byte that went ahead', socket(4096, 1), 'first 1\n'],
    ['a small request, by a probe that sends no byte ahead', socket(80, 1), ''],
  ])('is told where nothing is acknowledged: %s', (_what, sockets, said) => {
    const judgement = judged(sockets, said);
    expect(named(judgement)).toEqual(['NT-FW-013 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /opens in 0\.04\d* ms, and nothing that is sent afterwards is acknowledged, not even one byte \(4 retransmissions\)/,
    );
    expect(remedyOf(judgement.findings[0])).not.toContain('mtu_probing');
  });

  it.each([
    [
      'the byte ahead was acknowledged, and the large ones are lost',
      socket(4095, 2),
      'first 1\n',
      ['NT-MTU-001 critical'],
    ],
    ['it is not known whether small ones are', socket(4096, 1), '', ['NT-MTU-001 critical']],
    ['it was sent again once only', socket(80, 1, 1), 'first 1\n', []],
    ['all was acknowledged', socket(0, 4097, 0), 'first 1\n', []],
  ])('is silent where %s', (_what, sockets, said, others) => {
    expect(named(judged(sockets, said))).toEqual(others);
  });
});
