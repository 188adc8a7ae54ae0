import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import { destination, evidence, named, result } from '../../results.ts';

const BRIDGE = 'br-0123456789ab';
const link = (ifname: string, kind: string, more: object = {}) => ({
  ifname,
  ifindex: 1,
  flags: ['UP'],
  linkinfo: { info_kind: kind },
  addr_info: [],
  ...more,
});
const CONNECTED = { type: 'unicast', dst: '192.0.2.0/24', dev: BRIDGE, protocol: 'kernel', scope: 'link' };
const DEFAULT = { type: 'unicast', dst: 'default', gateway: '198.51.100.1', dev: 'eth0' };

interface Host {
  readonly routes?: readonly object[];
  readonly links?: readonly object[];
  readonly answers?: boolean;
  readonly chosen?: string;
}

function judged({ routes = [CONNECTED, DEFAULT], links, answers = false, chosen }: Host) {
  return judgeRouting(
    evidence({
      routes: result(JSON.stringify(routes)),
      addresses: result(JSON.stringify(links ?? [link('eth0', 'veth'), link(BRIDGE, 'bridge')])),
      'to0-hop': result(`address 192.0.2.9\n${chosen ?? `192.0.2.9 dev ${BRIDGE} src 192.0.2.1 uid 0`}\n`),
      'to0-icmp': result('PING\n3 packets transmitted, 0 received, 100% packet loss, time 400ms\n', {
        code: 1,
      }),
      'to0-tcp': result(
        answers ? 'address 192.0.2.9\ntry\nok 300\n' : 'address 192.0.2.9\ntry\n',
        answers ? {} : { status: 'timeout' },
      ),
    }),
    { destinations: [destination()], pod: { addresses: [], hostNetwork: false } },
  );
}

describe('NT-RT-017', () => {
  it('names the bridge, its range and the way that it hides', () => {
    const judgement = judged({});
    expect(named(judgement)).toContain('NT-RT-017 critical');
    expect(judgement.findings.find(({ id }) => id === 'NT-RT-017')?.summary).toMatch(
      /lies in 192\.0\.2\.0\/24, the range of br-0123456789ab, the bridge of a Docker network, into which nothing is plugged: .* by default via 198\.51\.100\.1 dev eth0\.$/,
    );
  });

  it.each<[string, Host]>([
    [
      'something is plugged in',
      { links: [link('eth0', 'veth', { master: BRIDGE }), link(BRIDGE, 'bridge')] },
    ],
    ['it is no bridge', { links: [link('eth0', 'veth'), link(BRIDGE, 'veth')] }],
    ['nothing else leads there', { routes: [CONNECTED] }],
    ['somebody made the route', { routes: [{ ...CONNECTED, protocol: 'static' }, DEFAULT] }],
    ['it goes by a gateway', { chosen: `192.0.2.9 via 192.0.2.254 dev ${BRIDGE} src 192.0.2.1 uid 0` }],
    ['it answers', { answers: true }],
  ])('is silent where %s', (_why, host) => {
    expect(named(judged(host))).not.toContain('NT-RT-017 critical');
  });
});
