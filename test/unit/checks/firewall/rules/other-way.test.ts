import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Uplinks } from '../../../../../src/checks/firewall/other-ways.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { destination, evidence, named, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const ROUTES =
  'route 203.0.113.7 via 198.51.100.1 dev net1 src 198.51.100.2 uid 0\nroute default via 198.51.100.1 dev net1\nroute default via 192.0.2.1 dev eth0 metric 100\n';
const SILENT = `address 203.0.113.7\n${ROUTES}try 400000\n`;
const OPEN = `address 203.0.113.7\n${ROUTES}try 400000\nok 300\n`;
const counters = (resent: number): string => `TcpExt: TCPSynRetrans TCPRetransFail\nTcpExt: ${resent} 0\n`;
const WAYS =
  'address 203.0.113.7\nother eth0 default via 192.0.2.1 dev eth0 metric 100\nwon net1 default via 198.51.100.1 dev net1\n';

function judged(
  reach: string,
  ways: string | undefined,
  uplinks: Uplinks | undefined = {},
  neighbours = '[]',
): Judgement {
  return judgeFirewall(
    evidence({
      'to0-reach': result(reach, {
        command: ['reach', 'tcp', '203.0.113.7', '8080'],
        durationMs: 4000,
        ...(reach === SILENT ? { status: 'timeout', code: 124 } : {}),
      }),
      ...(ways === undefined ? {} : { 'to0-ways': result(ways) }),
      neighbours: result(neighbours),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
      'counters-before': result(counters(0)),
      'counters-after': result(counters(3)),
    }),
    {
      destinations: [destination({ label: '203.0.113.7:8080', host: '203.0.113.7', port: '8080' })],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
      ...(uplinks === undefined ? {} : { uplinks }),
    },
  );
}

describe('NT-RT-022', () => {
  it.each([
    ['connected', 'by eth0 ok\n', true],
    ['refused', 'by eth0 refused\n', true],
    ['answered by an echo', 'by eth0 echo\n', true],
    ['silent', 'by eth0 silent\n', false],
    ['not bound', 'by eth0 failed Operation not permitted\n', false],
    ['not tried', '', false],
  ])('a destination that is silent, and %s by the other interface', (_what, by, isFound) => {
    const found = named(judged(SILENT, `${WAYS}plain silent\n${by}`));
    expect(found.includes('NT-RT-022 critical')).toBe(isFound);
    expect(found).toContain('NT-FW-001 critical');
  });

  it.each([
    ['the destination answers', OPEN, `${WAYS}plain answers\n`],
    // It was silent for a moment, and the connection that decides was not.
    ['the destination answers after all', SILENT, `${WAYS}plain answers\n`],
    ['its own connection was answered', OPEN, `${WAYS}plain silent\nby eth0 ok\n`],
    [
      'there is no other interface',
      SILENT,
      'address 203.0.113.7\nwon net1 default via 198.51.100.1 dev net1\n',
    ],
    ['it was not asked', SILENT, undefined],
  ])('is silent where %s', (_what, reach, ways) => {
    expect(named(judged(reach, ways))).not.toContain('NT-RT-022 critical');
  });

  it('is silent where its host answers for it on the link of the route that wins', () => {
    const near = SILENT.replace(/^route 203.*$/m, 'route 203.0.113.7 dev net1 src 203.0.113.1 uid 0');
    const ways = `${WAYS}plain silent\nby eth0 ok\n`;
    const entry = { dst: '203.0.113.7', dev: 'net1', lladdr: '02:00:00:00:00:07' };
    const at = (state: string): string[] =>
      named(judged(near, ways, {}, JSON.stringify([{ ...entry, state: [state] }])));
    expect(at('REACHABLE')).not.toContain('NT-RT-022 critical');
    expect(at('STALE')).toContain('NT-RT-022 critical');
  });

  it('says which interface is the cluster’s, and why the route wins', () => {
    const judgement = judged(SILENT, `${WAYS}plain silent\nby eth0 ok\n`, { cluster: 'eth0' });
    expect(judgement.findings.find(({ id }) => id === 'NT-RT-022')?.summary).toBe(
      'TCP 203.0.113.7:8080 does not answer by net1, and by eth0 (the cluster\'s own network) it does (a connection bound to it is taken): "default via 198.51.100.1 dev net1" wins before "default via 192.0.2.1 dev eth0 metric 100" (metric 0 before 100), and ends with no answer within 3.6 s.',
    );
  });

  it('takes no route from a VPN', () => {
    const remedies = (device: string): string | undefined => {
      const ways = `${WAYS}plain silent\nby eth0 ok\n`.replaceAll('net1', device);
      return remedyOf(judged(SILENT, ways).findings.find(({ id }) => id === 'NT-RT-022'));
    };
    expect(remedies('net1')).toContain('Take the default route from the network that does not lead there');
    expect(remedies('tun0')).toContain('See whether the tunnel tun0 is up');
    expect(remedies('tun0')).not.toContain('Take the default route');
  });

  it('leaves NT-FW-001 to say that both were tried', () => {
    const judgement = judged(SILENT, `${WAYS}plain silent\nby eth0 silent\n`);
    expect(judgement.findings.find(({ id }) => id === 'NT-FW-001')?.summary).toContain(
      '; by eth0 (default via 192.0.2.1 dev eth0 metric 100), where a route leads to it too, it is silent as well',
    );
  });
});
