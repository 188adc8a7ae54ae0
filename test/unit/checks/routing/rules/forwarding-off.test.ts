import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import type { NodeNetwork } from '../../../../../src/checks/shared/node-network.ts';
import type { Evidence, ProbeResult } from '../../../../../src/model/evidence.ts';
import { remedyOf } from '../../results.ts';

const result = (id: string, stdout: string): ProbeResult => ({
  id,
  command: [id],
  status: 'exited',
  code: 0,
  durationMs: 1,
  stdout,
  stderr: '',
  truncated: false,
});

const ROUTES = [
  { type: 'unicast', dst: 'default', gateway: '198.51.100.1', dev: 'eth0', protocol: 'boot' },
  { type: 'unicast', dst: '198.18.1.0/24', dev: 'cni0', protocol: 'kernel', scope: 'link' },
  { type: 'unicast', dst: '198.18.2.0/24', gateway: '198.51.100.12', dev: 'eth1', protocol: 'static' },
  { type: 'unicast', dst: '203.0.113.0/24', dev: 'other0', protocol: 'kernel', scope: 'link' },
  { type: 'local', dst: '198.18.1.1', dev: 'cni0', table: 'local', protocol: 'kernel' },
];

const CLUSTER: NodeNetwork = {
  podRanges: ['198.18.1.0/24'],
  pods: ['198.18.1.5'],
  others: [{ name: 'node2', addresses: ['198.51.100.12'], podRanges: ['198.18.2.0/24'] }],
};

const ALL_ON = { all: 1, default: 1, lo: 1, eth0: 1, eth1: 1, cni0: 1, other0: 1 };

function judged(
  values: Readonly<Record<string, number>>,
  cluster: NodeNetwork | undefined = CLUSTER,
  values6: Readonly<Record<string, number>> = { all: 0 },
  hostNetwork = true,
) {
  const lines = (version: 4 | 6, of: Readonly<Record<string, number>>): string[] =>
    Object.entries(of).map(([name, value]) => `/proc/sys/net/ipv${version}/conf/${name}/forwarding:${value}`);
  const evidence: Evidence = {
    routes: result('routes', JSON.stringify(ROUTES)),
    ...(hostNetwork
      ? { forwarding: result('forwarding', [...lines(4, values), ...lines(6, values6)].join('\n')) }
      : {}),
  };
  const input = { destinations: [], pod: { addresses: [], hostNetwork } };
  const { findings } = judgeRouting(evidence, cluster ? { ...input, cluster } : input);
  return findings.filter(({ id }) => id === 'NT-RT-006');
}

describe('NT-RT-006', () => {
  it('is silent where everything that carries pods forwards', () => {
    expect(judged(ALL_ON)).toEqual([]);
    expect(judged({ ...ALL_ON, other0: 0, lo: 0, default: 0 })).toEqual([]);
  });

  it('tells that the node forwards nothing', () => {
    const off = Object.fromEntries(Object.keys(ALL_ON).map((name) => [name, 0]));
    const [finding, ...more] = judged(off);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical' });
    expect(finding?.summary).toContain('IPv4 forwarding is off on the node (net.ipv4.ip_forward is 0)');
    expect(remedyOf(finding)).toContain('net.ipv4.ip_forward=1');
  });

  it.each(['eth0', 'eth1', 'cni0'])('names %s, through which pods are reached', (name) => {
    const [finding] = judged({ ...ALL_ON, [name]: 0 });
    expect(finding?.summary).toContain(`it is 0 on ${name}`);
    expect(remedyOf(finding)).toContain(`net.ipv4.conf.${name}.forwarding=1`);
    expect(finding?.evidence[0]?.excerpt).toContain(`/conf/${name}/forwarding:0`);
  });

  it('minds IPv6 only where pods have such addresses', () => {
    const dual = { ...CLUSTER, podRanges: ['198.18.1.0/24', '2001:db8:1::/64'] };
    expect(judged(ALL_ON, dual, { all: 1 })).toEqual([]);
    expect(judged(ALL_ON, dual, { all: 0 })[0]?.summary).toContain('IPv6 forwarding is off');
  });

  it('judges no host that is not known as a node, and no pod', () => {
    expect(judged({ ...ALL_ON, cni0: 0 }, { podRanges: [], pods: [], others: [] })).toEqual([]);
    expect(judged({ ...ALL_ON, cni0: 0 }, CLUSTER, { all: 0 }, false)).toEqual([]);
  });
});
