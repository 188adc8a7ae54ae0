/** A refusal of a target that asks for ECN may be about that alone. */
import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

function refused(ecn: string, more: Parameters<typeof destination>[0] = {}) {
  const host = '198.18.130.2';
  const run = evidence({
    ecn: result(ecn),
    'to0-reach': result(
      `address ${host}\nroute ${host} dev eth0 src 198.18.130.1 uid 0\ntry 400000\nbash: connect: Connection refused\nfailed 90\n`,
      { command: ['reach', 'tcp', host, '8080'], durationMs: 100 },
    ),
    'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
  });
  const { findings } = judgeFirewall(run, {
    destinations: [destination({ label: 'web', host, port: '8080', ...more })],
    policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
  });
  return findings.find(({ id }) => id === 'NT-SOCK-001');
}

describe('NT-SOCK-001 of a target that asks for ECN', () => {
  it('says so, and how to tell', () => {
    expect(refused('1\n')?.summary).toMatch(/or it does so because the target asks for ECN /);
    expect(remedyOf(refused('1\n'))).toContain('net.ipv4.tcp_ecn=2');
  });

  it.each(['2\n', '0\n', ''])('says nothing of it at tcp_ecn = %j', (value) => {
    expect(refused(value)?.summary).toMatch(/answers with a reset/);
    expect(refused(value)?.summary).not.toMatch(/ECN/);
    expect(remedyOf(refused(value))).not.toContain('ecn');
  });

  it('says nothing of it of a pod, whose own sockets are to be looked at', () => {
    const found = refused('1\n', { pod: { namespace: 'shop', name: 'web-0' } });
    expect(found?.summary).not.toMatch(/ECN/);
    expect(remedyOf(found)).toContain('kubectl nettools sockets web-0 -n shop');
  });
});
