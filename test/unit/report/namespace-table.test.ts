import { expect, it } from 'vitest';
import type { NetworkNamespace } from '../../../src/model/namespaces.ts';
import { namespaceTable } from '../../../src/report/namespace-table.ts';

const base = { paths: [], processes: [], pods: [], containers: [], interfaces: [] };
const link = (name: string, index: number, more: object = {}) => ({
  name,
  index,
  state: 'UP',
  addresses: [],
  ...more,
});
const LIST: readonly NetworkNamespace[] = [
  {
    ...base,
    inode: '1',
    kind: 'host',
    processCount: 158,
    interfaces: [
      link('eth0', 2, { addresses: ['192.0.2.2/24'] }),
      link('veth1', 10, { kind: 'veth', peer: { inode: '2', name: 'eth0' } }),
    ],
  },
  {
    ...base,
    inode: '2',
    kind: 'pod',
    processCount: 2,
    processes: [{ pid: 700, command: 'pause' }],
    pods: [{ uid: 'u', namespace: 'shop', name: 'web-0' }],
    containers: [{ id: 'a'.repeat(64) }, { id: 'b'.repeat(64), name: 'app' }],
    interfaces: [
      link('eth0', 2, { addresses: ['198.18.1.3/24'], kind: 'veth', peer: { inode: '1', name: 'veth1' } }),
    ],
  },
  {
    ...base,
    inode: '5',
    kind: 'process',
    processCount: 5,
    processes: ['evil\u001b[2J', 'b', 'b', 'c', 'd'].map((command, i) => ({ pid: 900 + i, command })),
    paths: ['/run/netns/blue'],
    interfaces: [link('x', 3, { kind: 'veth', peer: { inode: '2', name: 'y' } })],
  },
];

it('shows a line for each, with the control characters of others made visible', () => {
  const lines = namespaceTable(LIST).split('\n');
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['INODE', 'KIND', 'NAME', 'PID', 'ADDRESSES', 'INTERFACES→PEER'],
    ['1', 'host', '158 processes', '-', '192.0.2.2/24', 'eth0, 1 link elsewhere'],
    ['2', 'pod', 'shop/web-0 (app)', '700', '198.18.1.3/24', 'eth0→veth1'],
    ['5', 'process', 'blue (evil\\x1b[2J, b, c, +1)', '900', '-', 'x→y@shop/web-0'],
  ]);
});
