import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { destination, evidence, named, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

function judged(tries: string, anyPort = false): Judgement {
  return judgeFirewall(
    evidence({
      'to0-reach': result(`address 198.51.100.7\n${tries}`, {
        command: ['reach', 'tcp', '198.51.100.7', '5432'],
      }),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    }),
    {
      destinations: [destination({ label: 'svc/db', host: '198.51.100.7', port: '5432', anyPort })],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    },
  );
}

const RESET = 'try 400000\nok 310\nended reset\n';
const CLOSED = 'try 400000\nok 310\nended closed\n';
const OK = 'try 900000\nok 290\n';

describe('NT-FW-011', () => {
  it.each([
    [
      RESET + RESET + RESET,
      'critical',
      'svc/db (TCP 198.51.100.7:5432) takes the connection and resets it at once, before anybody has sent a byte: a proxy whose server behind it refuses does so, or a server that turns this client away.',
    ],
    [
      CLOSED + OK,
      'warning',
      'svc/db (TCP 198.51.100.7:5432) takes 1 of 2 connections and closes it at once, before anybody has sent a byte: a proxy whose server behind it refuses does so, or a server that turns this client away.',
    ],
  ])('%j', (tries, severity, summary) => {
    const judgement = judged(tries);
    expect(judgement.findings[0]).toMatchObject({ id: 'NT-FW-011', severity, summary, subject: 'svc/db' });
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toMatch(/^ok 310\nended (reset|closed)/);
  });

  it.each([
    ['a connection that stands', OK, false],
    ['a port that nobody asked for', RESET, true],
  ])('is silent: %s', (_what, tries, anyPort) => {
    expect(named(judged(tries, anyPort))).not.toContain('NT-FW-011 critical');
  });
});
