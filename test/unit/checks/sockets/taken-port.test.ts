/** NT-SVC-024: programs on ports that lead to pods. */
import { describe, expect, it } from 'vitest';
import type { SocketsFacts, TakenPort } from '../../../../src/checks/sockets/facts.ts';
import { takenPorts } from '../../../../src/checks/sockets/prepare-taken.ts';
import { takenPort } from '../../../../src/checks/sockets/rules/taken-port.ts';
import type { ClusterView } from '../../../../src/model/cluster-view.ts';
import { parseListeners } from '../../../../src/parsers/listeners.ts';
import type { NodePortPlaces } from '../../../../src/parsers/node-port-places.ts';

const nodePort = (port: number): TakenPort => ({
  kind: 'node port',
  port,
  protocol: 'tcp',
  by: `the NodePort of svc/p${port}.default`,
});
const TWO = [nodePort(31000), nodePort(32000)];

function told(lines: string, taken: readonly TakenPort[] = TWO, nodePortPlaces: NodePortPlaces = {}): number {
  const facts = {
    input: { expected: [], portShare: 80, taken },
    listeners: { value: parseListeners(lines) },
    nodePortPlaces,
    results: {},
  } as unknown as SocketsFacts;
  return takenPort.judge(facts).length;
}

const line = (local: string, users = ''): string => `tcp LISTEN 0 5 ${local} 0.0.0.0:*${users}\n`;

describe('NT-SVC-024', () => {
  it.each<[string, string, number]>([
    ['a program', line('0.0.0.0:31000', ' users:(("sshd",pid=7,fd=3))'), 1],
    ['one that ss does not name, while the other port is free', line('0.0.0.0:31000'), 1],
    ['all ports are held, by whom is not known', line('*:31000') + line('*:32000'), 0],
    ['kube-proxy of before 1.25', line('*:31000', ' users:(("kube-proxy",pid=7,fd=3))'), 0],
    // https://github.com/cri-o/cri-o: internal/hostport
    ['CRI-O', line('0.0.0.0:31000', ' users:(("crio",pid=7,fd=3))'), 0],
    ['kube-proxy of MicroK8s', line('*:31000', ' users:(("kubelite",pid=7,fd=3))'), 0],
    ['on loopback', line('127.0.0.1:31000'), 0],
    ['on another port', line('0.0.0.0:31001'), 0],
  ])('%s', (_what, lines, expected) => {
    expect(told(lines)).toBe(expected);
  });

  it('does not know who holds the only one', () => {
    expect(told(line('*:31000'), [nodePort(31000)])).toBe(0);
  });
});

describe('NT-SVC-024 with --nodeport-addresses', () => {
  const sshd = (local: string) => line(local, ' users:(("sshd",pid=7,fd=3))');
  const hostPort = { ...nodePort(31000), kind: 'host port' } as const;

  it.each<[string, string, NodePortPlaces, number]>([
    ['an address that serves none', '203.0.113.5:31000', { ip: ['198.51.100.11'] }, 0],
    ['the address that serves them', '198.51.100.11:31000', { ip: ['198.51.100.11'] }, 1],
    ['all addresses', '0.0.0.0:31000', { ip: ['198.51.100.11'] }, 1],
    ['all addresses, of which none serves them', '0.0.0.0:31000', { ip: [] }, 0],
    ['all of both families, of which one serves them', '*:31000', { ip: [], ip6: ['2001:db8::11'] }, 1],
    ['an address of IPv6 that serves none', '[2001:db8::5]:31000', { ip: [], ip6: ['2001:db8::11'] }, 0],
    ['an address, and it is not known which serve them', '203.0.113.5:31000', {}, 1],
  ])('a program on %s', (_what, local, places, expected) => {
    expect(told(sshd(local), TWO, places)).toBe(expected);
  });

  it('finds the second socket of a program', () => {
    const both = sshd('203.0.113.5:31000') + sshd('198.51.100.11:31000');
    expect(told(both, TWO, { ip: ['198.51.100.11'] })).toBe(1);
  });

  it('says nothing of hostPorts', () => {
    expect(told(sshd('203.0.113.5:31000'), [hostPort], { ip: ['198.51.100.11'] })).toBe(1);
  });
});

it('a port of SCTP is none of TCP', async () => {
  const ports = [
    { nodePort: 31000, protocol: 'SCTP' },
    { nodePort: 31001, protocol: 'UDP' },
    { nodePort: 31002 },
  ];
  const items = [{ metadata: { name: 'shop', namespace: 'default' }, spec: { ports } }];
  const cluster = { allServices: async () => ({ value: { items } }) } as unknown as ClusterView;
  const found = await takenPorts(cluster, undefined);
  expect(found.map(({ port, protocol }) => `${port} ${protocol}`)).toEqual(['31001 udp', '31002 tcp']);
});
