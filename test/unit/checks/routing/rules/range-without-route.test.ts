import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import type { OtherNode } from '../../../../../src/checks/shared/node-network.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const DEFAULT = { type: 'unicast', dst: 'default', gateway: '198.51.100.1', dev: 'eth0' };
const LINK = { type: 'unicast', dst: '198.51.100.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link' };
const OWN = { type: 'unicast', dst: '198.18.1.0/24', dev: 'cni0', protocol: 'kernel', scope: 'link' };
const THIRD = { type: 'unicast', dst: '198.18.3.0/24', gateway: '198.51.100.13', dev: 'eth0' };
const ROUTES = [DEFAULT, LINK, OWN];
const NODE2: OtherNode = { name: 'node2', addresses: ['198.51.100.12'], podRanges: ['198.18.2.0/24'] };
const NODE3: OtherNode = { name: 'node3', addresses: ['198.51.100.13'], podRanges: ['198.18.3.0/24'] };

interface Node {
  readonly routes?: readonly object[];
  readonly rules?: readonly object[];
  readonly others?: readonly OtherNode[];
  readonly answers?: boolean;
  /** What `ip route get` says. */
  readonly hop?: string;
  readonly address?: string;
  readonly isHost?: boolean;
  readonly isAsked?: boolean;
  /** What says that the network leads to pods. */
  readonly ledBy?: string;
  readonly neighbours?: readonly object[];
  /** Another destination of the range, which answers. */
  readonly hasNeighbour?: boolean;
}

function found(node: Node) {
  const { routes = [...ROUTES, THIRD], others = [NODE2, NODE3], answers = false, isHost = true } = node;
  const {
    address = '198.18.2.5',
    hop = `${address} via 198.51.100.1 dev eth0`,
    isAsked = true,
    hasNeighbour = false,
  } = node;
  const { rules = [{ priority: 32766, src: 'all', table: 'main' }] } = node;
  const { findings } = judgeRouting(
    evidence({
      routes: result(JSON.stringify(routes)),
      rules: result(JSON.stringify(rules)),
      ...(node.neighbours === undefined ? {} : { neighbours: result(JSON.stringify(node.neighbours)) }),
      'to0-hop': result(`address ${address}\n${hop} src 198.51.100.11 uid 0\n`),
      'to0-icmp': result('PING\n3 packets transmitted, 0 received, 100% packet loss, time 400ms\n', {
        code: 1,
      }),
      'to0-tcp': result(
        `address ${address}\ntry\n${answers ? 'ok 300\n' : ''}`,
        answers ? {} : { status: 'timeout' },
      ),
      'to1-tcp': result('address 198.18.2.6\ntry\nok 300\n'),
      'to1-hop': result('address 198.18.2.6\n198.18.2.6 via 198.51.100.1 dev eth0 src 198.51.100.11 uid 0\n'),
    }),
    {
      destinations: [
        ...(isAsked ? [destination({ label: 'pod/far', host: address, port: '8080' })] : []),
        ...(hasNeighbour ? [destination({ id: 'to1', label: 'pod/near-far', host: '198.18.2.6' })] : []),
      ],
      pod: { addresses: ['198.51.100.11'], hostNetwork: isHost },
      cluster: {
        podRanges: ['198.18.1.0/24'],
        pods: [],
        others,
        ...(node.ledBy === undefined ? {} : { ledBy: node.ledBy }),
      },
    },
  );
  return findings.find(({ id }) => id === 'NT-RT-019');
}

const overlay = (dst: string) => ({
  type: 'unicast',
  dst,
  gateway: dst.replace(/\/.*/, ''),
  dev: 'flannel.1',
  flags: ['onlink'],
});
const far = (of: OtherNode): OtherNode => ({ ...of, addresses: ['203.0.113.5'] });

describe('NT-RT-019', () => {
  it('tells which route is missing, which one shows that it should be there, and how to add it', () => {
    const finding = found({});
    expect(finding).toMatchObject({ severity: 'critical', subject: 'pod/far' });
    expect(finding?.summary).toBe(
      'pod/far (198.18.2.5) lies in the pod range of node2 (198.18.2.0/24), to which this node has no route of its own: packets follow default via 198.51.100.1 dev eth0, and nothing comes back. The range of node3 has one: 198.18.3.0/24 via 198.51.100.13 dev eth0.',
    );
    expect(remedyOf(finding)).toMatch(/TARGET -- ip route add 198\.18\.2\.0\/24 via 198\.51\.100\.12$/);
  });

  it('knows the routes of an overlay, and adds none there by hand', () => {
    const finding = found({ routes: [...ROUTES, overlay('198.18.3.0/24')] });
    expect(finding?.severity).toBe('critical');
    expect(finding?.summary).toMatch(/198\.18\.3\.0\/24 via 198\.18\.3\.0 dev flannel\.1 onlink\.$/);
    expect(remedyOf(finding)).not.toMatch(/route add/);
    const beyond = { routes: [...ROUTES, overlay('198.18.3.0/24')], others: [far(NODE2), far(NODE3)] };
    expect(found(beyond)?.severity).toBe('critical');
  });

  it('warns in a cluster of two nodes, where all else says that the route is missing', () => {
    const finding = found({ routes: ROUTES, others: [NODE2] });
    expect(finding).toMatchObject({ severity: 'warning', subject: 'pod/far' });
    expect(finding?.summary).toBe(
      'pod/far (198.18.2.5) lies in the pod range of node2 (198.18.2.0/24), to which this node has no route of its own: packets follow default via 198.51.100.1 dev eth0, and nothing comes back. 198.51.100.1 is not node2, which is a neighbour here (198.51.100.12), and no cloud says that it leads to pods: the network plugin writes the routes of this node, as that of its own pods (198.18.1.0/24 dev cni0), and has left this one out, or 198.51.100.1 has lost it.',
    );
    expect(remedyOf(finding)).toMatch(/TARGET -- ip route add 198\.18\.2\.0\/24 via 198\.51\.100\.12$/);
    const alive = [{ dst: '198.51.100.12', dev: 'eth0', lladdr: '02:00:00:00:00:12', state: ['STALE'] }];
    expect(found({ routes: ROUTES, others: [NODE2], neighbours: alive })?.severity).toBe('warning');
  });

  const two: Node = { routes: ROUTES, others: [NODE2] };
  it.each<[string, Node]>([
    ['a cloud may lead to pods', { ...two, ledBy: 'the condition RouteCreated of node1' }],
    [
      'the other node is gone',
      { ...two, neighbours: [{ dst: '198.51.100.12', dev: 'eth0', state: ['FAILED'] }] },
    ],
    ['the other node is behind a router', { routes: ROUTES, others: [far(NODE2)] }],
    ["the node's own range has no such route", { routes: [DEFAULT, LINK], others: [NODE2] }],
    ['the plugin leads directly to nodes of the link alone', { others: [far(NODE2), NODE3] }],
    [
      "the other's route leads to whoever knows the way",
      { routes: [...ROUTES, { ...THIRD, gateway: '198.51.100.1' }] },
    ],
  ])('proves nothing where %s', (_why, node) => {
    expect(found(node)?.severity).toBe('info');
    expect(found({ ...node, isAsked: false })).toBeUndefined();
  });

  it('is a remark where nobody asked', () => {
    const finding = found({ isAsked: false });
    expect(finding?.severity).toBe('info');
    expect(finding?.subject).toBeUndefined();
    expect(finding?.summary).toMatch(
      /^This node has no route of its own to 198\.18\.2\.0\/24 \(pods of node2\)/,
    );
  });

  it.each<[string, Node]>([
    ['it answers', { answers: true }],
    ['something else in the range answers', { hasNeighbour: true }],
    ['the target is a pod', { isHost: false }],
    ['the range has a route', { routes: [...ROUTES, THIRD, { ...THIRD, dst: '198.18.2.0/24' }] }],
    ['a part of it has one', { routes: [...ROUTES, THIRD, { ...THIRD, dst: '198.18.2.64/26' }] }],
    [
      'another table has one',
      { routes: [...ROUTES, THIRD, { ...THIRD, dst: '198.18.2.0/24', table: '52' }] },
    ],
    [
      'the default route leads to that node',
      {
        routes: [{ ...DEFAULT, gateway: '198.51.100.12' }, LINK, THIRD],
        hop: '198.18.2.5 via 198.51.100.12 dev eth0',
      },
    ],
    ['the kernel takes another way', { hop: '198.18.2.5 via 203.0.113.1 dev vpn0 table 52' }],
    ['a redirect leads elsewhere', { hop: '198.18.2.5 via 198.51.100.77 dev eth0' }],
    [
      'one route of an overlay is for all nodes',
      {
        routes: [...ROUTES, { ...DEFAULT, dst: '198.18.0.0/16', dev: 'cilium_host' }],
        hop: '198.18.2.5 via 198.51.100.1 dev cilium_host',
      },
    ],
    ['the destination lies elsewhere', { address: '192.0.2.9', routes: ROUTES }],
    ['the nodes have no ranges', { others: [NODE2, NODE3].map((one) => ({ ...one, podRanges: [] })) }],
    [
      'nobody asked, and a rule looks elsewhere first',
      {
        isAsked: false,
        routes: [...ROUTES, THIRD, { ...DEFAULT, dev: 'vpn0', table: '52' }],
        rules: [
          { priority: 5, src: 'all', table: '52' },
          { priority: 32766, src: 'all', table: 'main' },
        ],
      },
    ],
  ])('is silent where %s', (_why, node) => {
    expect(found(node)).toBeUndefined();
  });
});
