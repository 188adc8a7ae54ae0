import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import type { NodeNetwork } from '../../../../../src/checks/shared/node-network.ts';
import type { Occurrence } from '../../../../../src/model/finding.ts';
import { evidence, remedyOf, result } from '../../results.ts';

const ROUTES = [
  { type: 'unicast', dst: 'default', gateway: '198.51.100.1', dev: 'eth0', protocol: 'boot' },
  { type: 'unicast', dst: '198.18.1.0/24', dev: 'cni0', protocol: 'kernel', scope: 'link' },
  { type: 'unicast', dst: '198.18.2.0/24', gateway: '198.51.100.12', dev: 'eth0', protocol: 'static' },
];
const RULES = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32766, src: 'all', table: 'main' },
];
const CLUSTER: NodeNetwork = {
  podRanges: ['198.18.1.0/24'],
  pods: ['198.18.1.5'],
  others: [{ name: 'node2', addresses: ['198.51.100.12'], podRanges: ['198.18.2.0/24'] }],
};

interface Node {
  readonly routes?: readonly object[];
  readonly rules?: readonly object[];
  readonly iptables?: string;
  readonly calls?: string;
  readonly kind?: string;
  readonly isHost?: boolean;
  /** Of the bridge. */
  readonly addresses?: readonly string[];
  readonly cluster?: NodeNetwork;
  readonly neighbours?: readonly object[];
  /** Before the probes, where they differ. */
  readonly earlier?: readonly object[];
  readonly strict?: readonly string[];
  readonly operstate?: string;
}

function found(id: string, node: Node): Occurrence | undefined {
  const { routes = ROUTES, rules = RULES, iptables = '', calls = '', kind = 'bridge', isHost = true } = node;
  const {
    addresses = [],
    cluster = CLUSTER,
    neighbours = [],
    earlier = neighbours,
    strict = [],
    operstate = 'UP',
  } = node;
  const link = {
    ifname: 'cni0',
    ifindex: 3,
    flags: ['UP'],
    operstate,
    linkinfo: { info_kind: kind },
    addr_info: addresses.map((local) => ({ family: 'inet', local, prefixlen: 32 })),
  };
  const { findings } = judgeRouting(
    evidence({
      routes: result(JSON.stringify(routes)),
      rules: result(JSON.stringify(rules)),
      addresses: result(JSON.stringify([link])),
      iptables: result(iptables),
      'bridge-calls': result(calls),
      'neighbours-before': result(JSON.stringify(earlier)),
      neighbours: result(JSON.stringify(neighbours)),
      'rp-filter': result(
        ['all', 'eth0', 'cni0']
          .map((name) => `/proc/sys/net/ipv4/conf/${name}/rp_filter:${strict.includes(name) ? 1 : 0}\n`)
          .join(''),
      ),
    }),
    { destinations: [], pod: { addresses: ['198.51.100.11'], hostNetwork: isHost }, cluster },
  );
  return findings.find((finding) => finding.id === id);
}

describe('NT-RT-008', () => {
  const vpn = { priority: 5270, src: 'all', table: '52' };
  const routes = (dst: string, dev = 'vpn0') => [...ROUTES, { type: 'unicast', dst, dev, table: '52' }];
  const at = (rule: object, extra: readonly object[]) =>
    found('NT-RT-008', { routes: extra, rules: [...RULES, rule] });

  it.each(['default', '198.18.0.0/16', '198.18.2.0/28'])('tells who takes the range by %s', (dst) => {
    const one = at(vpn, routes(dst));
    expect(one?.summary).toMatch(
      /leave through vpn0 by rule 5270 \(table 52: .* dev vpn0 table 52\), while table main/,
    );
    expect(remedyOf(one)).toMatch(/ip rule add to 198\.18\.[12]\.0\/24 lookup main priority 5269$/);
  });

  it.each<[string, object, readonly object[]]>([
    ['nobody takes it', vpn, ROUTES],
    ['the rule comes after main', { ...vpn, priority: 40000 }, routes('default')],
    ['the rule is for marked packets', { ...vpn, fwmark: '0x80000' }, routes('default')],
    [
      'the way is the same',
      vpn,
      [...ROUTES, { type: 'unicast', dst: 'default', dev: 'eth0', table: '52' }].slice(2),
    ],
    [
      'main knows no more than its default route',
      vpn,
      [...ROUTES.slice(0, 1), ...routes('default').slice(3)],
    ],
  ])('is silent where %s', (_why, rule, extra) => {
    expect(at(rule, extra)).toBeUndefined();
  });
});

describe('NT-RT-009', () => {
  const calls = (value: number) =>
    `/proc/sys/net/bridge/bridge-nf-call-ip6tables:0\n/proc/sys/net/bridge/bridge-nf-call-iptables:${value}\n`;

  it('tells that pods of a bridge pass by the rules', () => {
    expect(found('NT-RT-009', { calls: calls(0) })?.summary).toMatch(
      /share the bridge cni0, .*iptables is 0/,
    );
  });

  it.each<[string, Node]>([
    ['it is on', { calls: calls(1) }],
    ['it is not known', {}],
    ['pods have no bridge', { calls: calls(0), kind: 'veth' }],
    ['the target is no host', { calls: calls(0), isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-009', node)).toBeUndefined();
  });
});

describe('NT-RT-010', () => {
  const table = (policy: string, ...rules: readonly string[]) =>
    `*filter\n:FORWARD ${policy} [7:420]\n${rules.map((rule) => `[0:0] -A FORWARD ${rule}\n`).join('')}COMMIT\n`;

  it.each<[string, string, RegExp]>([
    [
      'the policy',
      table('DROP', '-d 172.17.0.0/16 -j ACCEPT'),
      /no rule .* -t filter -P FORWARD DROP \(7 packets/,
    ],
    [
      'a rule',
      table('ACCEPT', '-s 198.18.0.0/16 -j REJECT'),
      /they end at -t filter -A FORWARD -s 198\.18\.0\.0\/16 -j REJECT/,
    ],
    ['a mark of other packets', table('DROP', '-m mark --mark 0x4000/0x4000 -j ACCEPT'), /-P FORWARD DROP/],
  ])('tells what the pods end at: %s', (_what, iptables, says) => {
    expect(found('NT-RT-010', { iptables })?.summary).toMatch(says);
  });

  it.each<[string, Node]>([
    ['the policy is ACCEPT', { iptables: table('ACCEPT') }],
    ['the range is accepted', { iptables: table('DROP', '-s 198.18.1.0/24 -j ACCEPT') }],
    ['a rule may accept it', { iptables: table('DROP', '-m set --match-set pods src -j ACCEPT') }],
    ['a rule may not hold', { iptables: table('ACCEPT', '-m set --match-set bad src -j DROP') }],
    ['nothing could be read', {}],
    ['the target is no host', { iptables: table('DROP'), isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-010', node)).toBeUndefined();
  });
});

const other = (...addresses: string[]): NodeNetwork => ({
  ...CLUSTER,
  others: [{ name: 'node2', addresses, podRanges: ['198.18.2.0/24'] }],
});

describe('NT-RT-013', () => {
  it("tells whose address the node has taken, and that it is kube-proxy's device where it is", () => {
    expect(found('NT-RT-013', { addresses: ['198.51.100.12'] })?.summary).toMatch(
      /^198\.51\.100\.12 is an address of node2, and cni0 of this node has it too: what is sent to node2 from here never leaves\.$/,
    );
  });

  it.each<[string, Node]>([
    ['it has none of them', { addresses: ['198.51.100.13'] }],
    ['both have it in the API', { addresses: ['198.51.100.11'], cluster: other('198.51.100.11') }],
    ['the target is a pod', { addresses: ['198.51.100.12'], isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-013', node)).toBeUndefined();
  });
});

describe('NT-RT-014', () => {
  it('tells which range takes the packets to the node', () => {
    expect(found('NT-RT-014', { cluster: other('198.18.1.77') })?.summary).toMatch(
      /^198\.18\.1\.77, an address of node2, lies in the pod range of this node \(198\.18\.1\.0\/24\): packets to it follow the route of the pods, 198\.18\.1\.0\/24 dev cni0/,
    );
  });

  it.each<[string, Node]>([
    ['it lies in none', { cluster: other('198.51.100.12') }],
    [
      'it has a route of its own',
      {
        cluster: other('198.18.1.77'),
        routes: [...ROUTES, { type: 'unicast', dst: '198.18.1.77', dev: 'eth0', scope: 'link' }],
      },
    ],
    [
      'pods have addresses of the network of the nodes',
      {
        cluster: other('198.18.1.77'),
        routes: [{ type: 'unicast', dst: '198.18.0.0/16', dev: 'eth0', scope: 'link' }],
      },
    ],
    ['the range is its own', { cluster: other('198.18.2.77') }],
    ['the target is a pod', { cluster: other('198.18.1.77'), isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-014', node)).toBeUndefined();
  });
});

describe('NT-RT-016', () => {
  const from = { priority: 10, src: '198.18.1.5', table: '100' };
  const VIA = { type: 'unicast', dst: 'default', gateway: '198.51.100.77', dev: 'eth0', table: '100' };
  const gone = (state: string, dst = '198.51.100.77') => [{ dst, dev: 'eth0', state: [state] }];
  const rules = [...RULES, from];
  const routes = [...ROUTES, VIA];
  const TWO: NodeNetwork = { ...CLUSTER, pods: ['198.18.1.5', '198.18.1.6'] };

  it.each(['FAILED', 'INCOMPLETE'])('names the rule, and the router that is %s', (state) => {
    expect(found('NT-RT-016', { rules, routes, neighbours: gone(state) })?.summary).toMatch(
      /by rule "10: from 198\.18\.1\.5 lookup 100" to 198\.51\.100\.77 on eth0 \(default via 198\.51\.100\.77 dev eth0 table 100\), and nobody answers for that address/,
    );
  });

  it('names the rule that leads pods of the node past each other', () => {
    expect(found('NT-RT-016', { rules, routes, cluster: TWO })?.summary).toMatch(
      /^What pod 198\.18\.1\.5 sends to 198\.18\.1\.6, a pod of the same node, leaves through eth0 by rule "10: .*, while table main has that pod by 198\.18\.1\.0\/24 dev cni0/,
    );
  });

  it.each<[string, Node]>([
    [
      'the router has just been asked for',
      { rules, routes, neighbours: gone('INCOMPLETE'), earlier: gone('REACHABLE') },
    ],
    ['the router answers', { rules, routes, neighbours: gone('REACHABLE') }],
    ['another neighbour is gone', { rules, routes, neighbours: gone('FAILED', '198.51.100.78') }],
    [
      'it is from somebody who is no pod',
      { rules: [...RULES, { ...from, src: '203.0.113.9' }], routes, neighbours: gone('FAILED') },
    ],
    ['it is for marked packets', { rules: [...RULES, { ...from, fwmark: '0x80' }], routes, cluster: TWO }],
    [
      'a rule before it leaves the pods of the node to main',
      {
        rules: [...rules, { priority: 5, src: 'all', dst: '198.18.1.6', table: 'main' }],
        routes,
        cluster: TWO,
      },
    ],
    ['the target is a pod', { rules, routes, neighbours: gone('FAILED'), isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-016', node)).toBeUndefined();
  });
});

describe('NT-RT-003', () => {
  const away = [...ROUTES, { type: 'unicast', dst: '198.18.1.5', dev: 'eth0', scope: 'link' }];
  const there = [{ dst: '198.18.1.5', dev: 'cni0', lladdr: '02:00:00:00:00:05', state: ['STALE'] }];

  it('tells which pod the node drops the packets of', () => {
    expect(found('NT-RT-003', { routes: away, neighbours: there, strict: ['cni0'] })?.summary).toMatch(
      /^The node drops what pod 198\.18\.1\.5 sends: it comes in on cni0, where the reverse path filter is strict, and the way back to it leads through eth0 \(198\.18\.1\.5 dev eth0\)\.$/,
    );
  });

  it.each<[string, Node]>([
    ['the filter is loose', { routes: away, neighbours: there }],
    ['it is strict elsewhere', { routes: away, neighbours: there, strict: ['eth0'] }],
    ['the way back is the same', { neighbours: there, strict: ['cni0'] }],
    [
      'the bridge is one that nothing is plugged into',
      { routes: away, neighbours: there, strict: ['cni0'], operstate: 'DOWN' },
    ],
    ['nobody knows where the pod is', { routes: away, strict: ['cni0'] }],
    [
      'it is not there',
      { routes: away, strict: ['cni0'], neighbours: [{ dst: '198.18.1.5', dev: 'cni0', state: ['FAILED'] }] },
    ],
    ['the target is a pod', { routes: away, neighbours: there, strict: ['cni0'], isHost: false }],
  ])('is silent where %s', (_why, node) => {
    expect(found('NT-RT-003', node)).toBeUndefined();
  });
});
