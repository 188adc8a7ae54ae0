/** Faults of the routing check, each made for real and named by the built binary. */
import { beforeAll, describe, test } from 'vitest';
import { nodes } from '../cluster/paths.ts';
import { run, until } from '../cluster/proc.ts';
import { hostPod, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, type Expected, expectFirst, expectSilence } from './named.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-routing');
let client: PodNetns;
let far: PodNetns;

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('far', { spec: { nodeName: 'node2' } }));
  [client, far] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'far')]);
});

const routing = (...args: string[]) => checkReport('routing', ['client', '-n', ns.name, ...args]);
const toFar = () => routing('--to', 'pod/far');

interface Case {
  readonly title: string;
  readonly expected: Expected;
  /** With this pod's, the other pod's and the gateway's address. */
  readonly steps: (addresses: {
    own: string;
    far: string;
    gateway: string;
  }) => { make: string; undo: string }[];
}

/** In the pod's own namespace. */
const CASES: readonly Case[] = [
  {
    title: "the pod's address is gone",
    expected: {
      id: 'NT-RT-012',
      severity: 'critical',
      says: /The target should have 198\.18\.1\.\d+, and none of its interfaces has it: eth0 has /,
    },
    steps: ({ own, gateway }) => [
      // The route went with the address, and comes back after it.
      { make: 'ip route show', undo: `ip route replace default via ${gateway}` },
      { make: `ip addr del ${own}/24 dev eth0`, undo: `ip addr add ${own}/24 dev eth0` },
    ],
  },
  {
    title: 'the default route is gone',
    expected: {
      id: 'NT-RT-001',
      severity: 'critical',
      says: /no IPv4 default route, and so none to dns .*far/,
    },
    steps: ({ gateway }) => [
      { make: 'ip route del default', undo: `ip route replace default via ${gateway}` },
    ],
  },
  ...(['blackhole', 'unreachable', 'prohibit', 'throw'] as const).map(
    (type): Case => ({
      title: `a ${type} route`,
      expected: {
        id: 'NT-RT-002',
        severity: 'critical',
        says: new RegExp(`far .*the ${type} route 198[.\\d]+ in table main refuses`),
      },
      steps: ({ far }) => [{ make: `ip route add ${type} ${far}`, undo: `ip route del ${type} ${far}` }],
    }),
  ),
  ...(['blackhole', 'unreachable', 'prohibit'] as const).map(
    (action): Case => ({
      title: `a rule that says ${action}`,
      expected: {
        id: 'NT-RT-002',
        severity: 'critical',
        says: new RegExp(`far .*the rule "100: from all to 198[.\\d]+ ${action}" refuses`),
      },
      steps: ({ far }) => [
        { make: `ip rule add to ${far} ${action} priority 100`, undo: 'ip rule del priority 100' },
      ],
    }),
  ),
  // What asks for more than an address the tables alone do not explain: the kernel's own answer is told, and what it is not.
  ...(
    [
      ['unreachable', 'the kernel', 'ENETUNREACH'],
      ['prohibit', 'a prohibit route or rule', 'EACCES'],
      ['blackhole', 'a blackhole route or rule', 'EINVAL'],
    ] as const
  ).map(
    ([action, who, errno]): Case => ({
      title: `a rule for one user: ${action}`,
      expected: {
        id: 'NT-RT-002',
        severity: 'critical',
        says: new RegExp(
          `far .*cannot be sent to: ${who} refuses it, .*\\(${errno}\\), though table main has the route default: its link may be down, or a rule with conditions refuses`,
        ),
      },
      steps: ({ far }) => [
        {
          make: `ip rule add to ${far} uidrange 0-0 ${action} priority 100`,
          undo: 'ip rule del priority 100',
        },
      ],
    }),
  ),
  {
    title: 'the rule for main is gone',
    expected: {
      id: 'NT-RT-004',
      severity: 'critical',
      says: /No rule looks in table main, which has the route to .*far/,
    },
    steps: () => [{ make: 'ip rule del priority 32766', undo: 'ip rule add lookup main priority 32766' }],
  },
  {
    title: 'the rule for a table of a CNI plugin is gone',
    expected: {
      id: 'NT-RT-004',
      severity: 'critical',
      says: /No rule looks in table 100, which has the route to .*far/,
    },
    steps: ({ gateway }) => [
      { make: `ip route add default via ${gateway} dev eth0 table 100`, undo: 'ip route flush table 100' },
      { make: 'ip route del default', undo: `ip route replace default via ${gateway}` },
    ],
  },
  {
    title: 'a second interface without its source rule',
    expected: {
      id: 'NT-RT-004',
      severity: 'warning',
      says: /No rule looks in table 100, which has the default route of net1/,
    },
    steps: () => [
      { make: 'ip link add net1 type veth peer name net1p', undo: 'ip link del net1' },
      { make: 'ip addr add 203.0.113.2/24 dev net1', undo: '' },
      { make: 'ip link set net1 up', undo: '' },
      { make: 'ip link set net1p up', undo: '' },
      { make: 'ip route add default via 203.0.113.1 dev net1 table 100', undo: '' },
    ],
  },
  {
    title: "a bridge that nothing is plugged into has the far pod's range",
    expected: {
      id: 'NT-RT-017',
      severity: 'critical',
      says: /^pod\/far \(198\.18\.2\.\d+\) lies in 198\.18\.2\.0\/24, the range of br-0123456789ab, the bridge of a Docker network, into which nothing is plugged: .* they would go by default via 198\.18\.1\.1/,
    },
    steps: () => [
      { make: 'ip link add br-0123456789ab type bridge', undo: 'ip link del br-0123456789ab' },
      { make: 'ip addr add 198.18.2.254/24 dev br-0123456789ab', undo: '' },
      { make: 'ip link set br-0123456789ab up', undo: '' },
    ],
  },
  {
    title: 'a route with another source address',
    expected: {
      id: 'NT-RT-005',
      severity: 'warning',
      says: /is sent to from 203\.0\.113\.9, which is not the pod IP 198/,
    },
    steps: ({ far, gateway }) => [
      { make: 'ip addr add 203.0.113.9/32 dev eth0', undo: 'ip addr del 203.0.113.9/32 dev eth0' },
      { make: `ip route add ${far} via ${gateway} src 203.0.113.9`, undo: `ip route del ${far}` },
    ],
  },
];

describe('in the pod', () => {
  test.each(CASES)('$title', async ({ expected, steps }) => {
    const addresses = { own: client.address, far: far.address, gateway: client.gateway };
    const report = await withFault(client, steps(addresses), toFar);
    expectFirst(report, expected);
    expectSilence(await toFar());
  });
});

test('answers that come in on another interface are dropped by rp_filter', async () => {
  const node = client.node;
  const steps = [
    { make: 'ip link add ntf0 type veth peer name ntf1', undo: 'ip link del ntf0' },
    { make: 'ip addr add 203.0.113.5/30 dev ntf0', undo: '' },
    { make: 'ip link set ntf0 up', undo: '' },
  ];
  const report = await withFault(node, steps, async () => {
    // The other end moves into the pod, which sends through it; the node answers through the pod's own link.
    await node.run('ip', 'link', 'set', 'ntf1', 'netns', client.pid);
    return withFault(
      client,
      [
        { make: 'ip addr add 203.0.113.6/30 dev ntf1', undo: '' },
        { make: 'ip link set ntf1 up', undo: '' },
        {
          make: `ip route add ${far.address} via 203.0.113.5 src ${client.address}`,
          undo: `ip route del ${far.address}`,
        },
        {
          make: 'sysctl -qw net.ipv4.conf.eth0.rp_filter=1',
          undo: 'sysctl -qw net.ipv4.conf.eth0.rp_filter=0',
        },
      ],
      toFar,
    );
  });
  expectFirst(report, {
    id: 'NT-RT-003',
    severity: 'critical',
    says: /\(strict on eth0\) dropped \d+ packets? .*far .*sent to through ntf1/,
  });
  expectSilence(await toFar());
});

test('a node leads what pods send out by a second uplink, whose strict filter drops the answers', async () => {
  const node = nodeNetns('node1');
  const GATEWAY = 'ntf-egress';
  const HOST = '192.0.2.77';
  const marked = `-s ${client.address} -d ${HOST} -j MARK --set-mark 1000`;
  const steps = [
    { make: `ip link add ntf0 type veth peer name ntf1 netns ${GATEWAY}`, undo: 'ip link del ntf0' },
    { make: 'ip addr add 203.0.113.5/30 dev ntf0', undo: '' },
    { make: 'ip link set ntf0 up', undo: '' },
    { make: 'sysctl -qw net.ipv4.conf.ntf0.rp_filter=1', undo: '' },
    { make: `ip netns exec ${GATEWAY} ip addr add 203.0.113.6/30 dev ntf1`, undo: '' },
    { make: `ip netns exec ${GATEWAY} ip addr add ${HOST}/32 dev lo`, undo: '' },
    { make: `ip netns exec ${GATEWAY} ip link set ntf1 up`, undo: '' },
    { make: `ip netns exec ${GATEWAY} ip link set lo up`, undo: '' },
    { make: `ip netns exec ${GATEWAY} ip route add default via 203.0.113.5`, undo: '' },
    { make: `ip route add ${HOST} via 203.0.113.6 dev ntf0 table 100`, undo: '' },
    { make: 'ip rule add fwmark 1000 lookup 100 priority 100', undo: 'ip rule del priority 100' },
    {
      make: `iptables -t mangle -A PREROUTING ${marked}`,
      undo: `iptables -t mangle -D PREROUTING ${marked}`,
    },
  ];
  // One packet each: nobody waits for what is dropped.
  const connect = `while :; do timeout 0.2 bash --norc -c '</dev/tcp/${HOST}/53'; sleep 0.1; done 2>/dev/null`;
  const ofNode = () =>
    withTraffic(client, ['bash', '--norc', '-c', connect], () => checkReport('routing', ['node/node1']));
  await run(['ip', 'netns', 'add', GATEWAY]);
  try {
    await withFault(node, steps, async () => {
      expectFirst(await ofNode(), {
        id: 'NT-RT-021',
        severity: 'warning',
        says: /^What rule "100: from all fwmark 0x3e8 lookup 100" leads out by ntf0 .* is answered there, and the reverse path filter of ntf0, which is strict, drops the answers: .*; it dropped \d+ packets? during the run/,
      });
      await node.run('sysctl', '-qw', 'net.ipv4.conf.ntf0.rp_filter=2');
      expectSilence(await ofNode());
    });
  } finally {
    await run(['ip', 'netns', 'delete', GATEWAY]);
  }
});

describe('at a router', () => {
  test.each([
    { where: 'the next hop', node: 'node1', says: /far .*the next hop 198\.18\.1\.1 has no route to it/ },
    {
      where: 'the one after it',
      node: 'node2',
      says: /far .*the router 198[.\d]+, after the next hop 198\.18\.1\.1 has no route/,
    },
  ])('$where lacks the route', async ({ node, says }) => {
    const rule = `from ${client.address} to ${far.address} unreachable priority 100`;
    const steps = [{ make: `ip rule add ${rule}`, undo: `ip rule del ${rule}` }];
    const report = await withFault(nodeNetns(node), steps, toFar);
    expectFirst(report, { id: 'NT-RT-007', severity: 'critical', says });
    expectSilence(await toFar());
  });
});

test('two routers that send packets to each other', async () => {
  const [one, two] = ['node1', 'node2'].map(
    (name) => nodes.find((node) => node.name === name)?.address ?? '',
  );
  const leads = (via: string) => [
    { make: `ip route add 203.0.113.128/25 via ${via}`, undo: 'ip route del 203.0.113.128/25' },
  ];
  const asked = ['--to', '203.0.113.129:80'];
  await withFault(nodeNetns('node1'), leads(two ?? ''), () =>
    withFault(nodeNetns('node2'), leads(one ?? ''), async () => {
      expectFirst(await routing(...asked), {
        id: 'NT-RT-011',
        severity: 'critical',
        says: /203\.0\.113\.129:80 .*loop between routers until their time to live expires, as 198\.51\.100\.1[12] says/,
      });
      expectFirst(await checkReport('firewall', ['client', '-n', ns.name, ...asked]), {
        id: 'NT-RT-011',
        severity: 'critical',
        says: /203\.0\.113\.129:80 .*loop between routers .*, as 198\.51\.100\.1[12] says/,
      });
    }),
  );
});

test('a router says that another one is nearer, and that one forwards nothing', async () => {
  await ns.start(pod('nearer', { spec: { nodeName: 'node1' } }));
  const nearer = await podNetns(ns.name, 'nearer');
  const HOST = '203.0.113.50';
  const way = [
    { make: `ip route add ${HOST}/32 via ${nearer.address} dev cni0`, undo: `ip route del ${HOST}/32` },
  ];
  const accept = ['all', 'eth0'].map((name) => ({
    make: `sysctl -qw net.ipv4.conf.${name}.accept_redirects=1`,
    undo: '',
  }));
  // The node sends it, since its next hop is on the link that the packet came from.
  const redirect = () =>
    until('the pod is redirected', 30, async () => {
      await client.attempt('ping', '-c', '2', '-i', '0.3', '-W', '1', HOST);
      const route = await client.run('ip', 'route', 'get', HOST);
      return route.includes('redirected') || route;
    });
  await withFault(nodeNetns('node1'), way, () =>
    withFault(client, accept, async () => {
      await redirect();
      const asked = ['client', '-n', ns.name, '--to', `${HOST}:8080`];
      expectFirst(await checkReport('diagnose', asked), {
        id: 'NT-RT-015',
        severity: 'critical',
        says: /^Packets to 203\.0\.113\.50:8080 \(203\.0\.113\.50\) go to 198\.18\.1\.\d+ on eth0 since an ICMP redirect said so, and nothing comes back\. The routing table has default via 198\.18\.1\.1/,
      });
      // A redirect that leads there is none of a fault.
      const owner = [{ make: `ip addr add ${HOST}/32 dev lo`, undo: `ip addr del ${HOST}/32 dev lo` }];
      await withFault(nearer, owner, async () => {
        await redirect();
        expectSilence(await checkReport('routing', asked));
      });
      await client.run('ip', 'route', 'flush', 'cache');
    }),
  );
});

describe('what is no fault', () => {
  test('a second interface with its own address, network and rule', async () => {
    const steps = [
      { make: 'ip link add net1 type veth peer name net1p', undo: 'ip link del net1' },
      { make: 'ip addr add 203.0.113.2/24 dev net1', undo: '' },
      { make: 'ip link set net1 up', undo: '' },
      { make: 'ip link set net1p up', undo: '' },
      { make: 'ip route add default via 203.0.113.1 dev net1 table 100', undo: '' },
      { make: 'ip rule add from 203.0.113.2 lookup 100', undo: 'ip rule del from 203.0.113.2' },
    ];
    expectSilence(await withFault(client, steps, () => routing('--to', 'pod/far')));
  });

  test("a node's own namespace", async () => {
    await ns.start(hostPod('host', 'node1'));
    expectSilence(await checkReport('routing', ['host', '-n', ns.name, '--to', 'pod/far']));
  });
});
