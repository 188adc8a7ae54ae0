/** Drops, each made for real in the namespaces of pods and nodes, and named with reason and place by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { dropping } from './bpf-programs.ts';
import { withWrongChecksums } from './checksums.ts';
import { checkReport, expectFirst, expectInfo, expectSilence, note } from './named.ts';
import { type Netns, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-drops');
let client: PodNetns;
let near: PodNetns;
let server: PodNetns;
/** The MAC address of the first node's bridge, which is the gateway of its pods. */
let bridge: string;

/** Documentation range (RFC 3849), for two pods on one node: the cluster has no IPv6. */
const CLIENT6 = '2001:db8:64::1';
const NEAR6 = '2001:db8:64::2';
const NOBODY6 = '2001:db8:64::99';
/** Behind the near pod, which forwards. */
const FAR6 = '2001:db8:65::1';
const SECONDS = '4s';

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('near', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  [client, near, server] = await Promise.all([
    podNetns(ns.name, 'client'),
    podNetns(ns.name, 'near'),
    podNetns(ns.name, 'server'),
  ]);
  await client.run('ip', '-6', 'addr', 'add', `${CLIENT6}/64`, 'dev', 'eth0', 'nodad');
  await near.run('ip', '-6', 'addr', 'add', `${NEAR6}/64`, 'dev', 'eth0', 'nodad');
  // They are sent to also when they do not answer, or are not asked.
  const macOf = async (netns: Netns, device = 'eth0'): Promise<string> =>
    /link\/ether (\S+)/.exec(await netns.run('ip', 'link', 'show', 'dev', device))?.[1] ?? '';
  const [mac, own] = await Promise.all([macOf(near), macOf(client)]);
  bridge = await macOf(client.node, 'cni0');
  await near.run('ip', '-6', 'neigh', 'replace', CLIENT6, 'lladdr', own, 'dev', 'eth0', 'nud', 'permanent');
  await client.run('ip', '-6', 'route', 'add', `${FAR6}/64`, 'via', NEAR6);
  await near.run('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
  await client.run('ip', '-6', 'neigh', 'replace', NEAR6, 'lladdr', mac, 'dev', 'eth0', 'nud', 'permanent');
});

const drops = (target: string, ...args: string[]): Promise<Report> =>
  checkReport('drops', [target, '-n', ns.name, '--for', SECONDS, ...args]);

/** Again and again, so that some of it is sent while the kernel is watched. */
const again = (line: string): string[] => ['bash', '-c', `while sleep 0.3; do ${line}; done`];
const udp = (address: string, port: number): string[] => again(`echo x >/dev/udp/${address}/${port}`);
const tcp = (address: string, port: number): string[] =>
  again(`timeout 0.3 bash -c 'echo >/dev/tcp/${address}/${port}'`);

/** A rule in a table of its own. */
const rule = (family: string, hook: string, priority: number, words: string) => [
  { make: `nft add table ${family} ntdrop`, undo: `nft delete table ${family} ntdrop` },
  {
    make: `nft add chain ${family} ntdrop c { type filter hook ${hook} priority ${priority} ; }`,
    undo: '',
  },
  { make: `nft add rule ${family} ntdrop c ${words}`, undo: '' },
];

interface Case {
  readonly title: string;
  readonly id: string;
  /** With the reason, the place and the flow. */
  readonly says: () => RegExp;
  /** What is watched. */
  readonly target: 'client' | 'near' | 'server';
  readonly to: () => string;
  readonly where?: () => Netns;
  readonly steps?: () => readonly { make: string; undo: string }[];
  readonly from?: () => PodNetns;
  readonly traffic: () => readonly string[];
  /** What makes it is a drop of its own. */
  readonly besides?: true;
}

const inPod = (name: string): string => `in pod ${ns.name}/${name} `;
const ON_HOST = "in the host's namespace ";
const flow = (protocol: string, from: string, to: string): string => `${protocol} ${from} → ${to}`;
const of = (name: string): string => `${ns.name}/${name}`;
/** @param reason as the kernel calls it */
const seen = (place: string, reason: string, line: string): RegExp =>
  new RegExp(`dropped ${place}.*\\b${reason} in \\w+.*: ${line.replaceAll(/[[\].]/g, '\\$&')}`);

const toServer = {
  target: 'client',
  from: () => client,
  to: () => `${server.address}:8080`,
  traffic: () => tcp(server.address, 8080),
} as const;
const clientToServer = (): string => flow('TCP', of('client'), `${of('server')}:8080`);

const netfilter: readonly Case[] = [
  {
    title: 'nft in forward, on the node',
    id: 'NT-DROP-001',
    ...toServer,
    where: () => client.node,
    steps: () => rule('ip', 'forward', -10, `ip saddr ${client.address} tcp dport 8080 drop`),
    says: () => seen(ON_HOST, 'NETFILTER_DROP', clientToServer()),
  },
  ...(['output', 'postrouting'] as const).map(
    (hook): Case => ({
      title: `nft in ${hook}, in the pod`,
      id: 'NT-DROP-001',
      ...toServer,
      where: () => client,
      steps: () => rule('inet', hook, -10, 'tcp dport 8080 drop'),
      says: () => seen(inPod('client'), 'NETFILTER_DROP', clientToServer()),
    }),
  ),
  ...(['prerouting', 'input'] as const).map(
    (hook): Case => ({
      title: `nft in ${hook}, IPv6, in the pod`,
      id: 'NT-DROP-001',
      target: 'near',
      to: () => CLIENT6,
      from: () => client,
      traffic: () => udp(NEAR6, 9),
      where: () => near,
      steps: () => rule('inet', hook, -10, 'udp dport 9 drop'),
      says: () => seen(inPod('near'), 'NETFILTER_DROP', flow('UDP', CLIENT6, `[${NEAR6}]:9`)),
    }),
  ),
  {
    title: 'nft at the ingress of an interface',
    id: 'NT-DROP-001',
    target: 'server',
    to: () => client.address,
    from: () => client,
    traffic: () => udp(server.address, 9),
    where: () => server,
    steps: () => [
      { make: 'nft add table netdev ntdrop', undo: 'nft delete table netdev ntdrop' },
      {
        make: 'nft add chain netdev ntdrop c { type filter hook ingress device eth0 priority 0 ; }',
        undo: '',
      },
      { make: 'nft add rule netdev ntdrop c udp dport 9 drop', undo: '' },
    ],
    says: () => seen(inPod('server'), 'NETFILTER_DROP', flow('UDP', of('client'), `${of('server')}:9`)),
  },
  ...(['iptables-legacy', 'iptables-nft'] as const).flatMap((tool) =>
    (
      [
        ['raw', 'PREROUTING', 'server', (): PodNetns => server],
        ['mangle', 'POSTROUTING', 'client', (): PodNetns => client],
        ['filter', 'OUTPUT', 'client', (): PodNetns => client],
      ] as const
    ).map(
      ([table, chain, target, where]): Case => ({
        title: `${tool} in ${chain}`,
        id: 'NT-DROP-001',
        target,
        to: () => (target === 'client' ? server : client).address,
        from: () => client,
        traffic: () => udp(server.address, 9),
        where,
        steps: () => [
          {
            make: `${tool} -t ${table} -A ${chain} -p udp --dport 9 -j DROP`,
            undo: `${tool} -t ${table} -D ${chain} -p udp --dport 9 -j DROP`,
          },
        ],
        says: () => seen(inPod(target), 'NETFILTER_DROP', flow('UDP', of('client'), `${of('server')}:9`)),
      }),
    ),
  ),
  ...(['iptables-legacy', 'iptables-nft'] as const).map(
    (tool): Case => ({
      title: `${tool} in the node's FORWARD`,
      id: 'NT-DROP-001',
      ...toServer,
      where: () => client.node,
      steps: () => [
        {
          make: `${tool} -I FORWARD -s ${client.address} -p tcp --dport 8080 -j DROP`,
          undo: `${tool} -D FORWARD -s ${client.address} -p tcp --dport 8080 -j DROP`,
        },
      ],
      says: () => seen(ON_HOST, 'NETFILTER_DROP', clientToServer()),
    }),
  ),
  ...(['ip6tables-legacy', 'ip6tables-nft'] as const).map(
    (tool): Case => ({
      title: `${tool} in INPUT, IPv6`,
      id: 'NT-DROP-001',
      target: 'near',
      to: () => CLIENT6,
      from: () => client,
      traffic: () => udp(NEAR6, 9),
      where: () => near,
      steps: () => [
        {
          make: `${tool} -A INPUT -p udp --dport 9 -j DROP`,
          undo: `${tool} -D INPUT -p udp --dport 9 -j DROP`,
        },
      ],
      says: () => seen(inPod('near'), 'NETFILTER_DROP', flow('UDP', CLIENT6, `[${NEAR6}]:9`)),
    }),
  ),
  ...(['iptables-legacy', 'iptables-nft'] as const).map(
    (tool): Case => ({
      title: `${tool} in INPUT`,
      id: 'NT-DROP-001',
      target: 'server',
      to: () => client.address,
      from: () => client,
      traffic: () => udp(server.address, 9),
      where: () => server,
      steps: () => [
        {
          make: `${tool} -A INPUT -p udp --dport 9 -j DROP`,
          undo: `${tool} -D INPUT -p udp --dport 9 -j DROP`,
        },
      ],
      says: () => seen(inPod('server'), 'NETFILTER_DROP', flow('UDP', of('client'), `${of('server')}:9`)),
    }),
  ),
];

/** Listens, and neither reads nor accepts. */
const busy = (family: 'AF_INET' | 'AF_INET6', type: 'SOCK_DGRAM' | 'SOCK_STREAM', port: number): string[] => {
  const [any, name] =
    family === 'AF_INET' ? ['INADDR_ANY', 'pack_sockaddr_in'] : ['IN6ADDR_ANY', 'pack_sockaddr_in6'];
  const listening =
    type === 'SOCK_STREAM' ? 'listen($s,0)||die;' : 'setsockopt($s,SOL_SOCKET,SO_RCVBUF,2048);';
  return [
    ...['perl', '-MSocket=:all', '-e'],
    `socket(my$s,${family},${type},0)||die;bind($s,${name}(${port},${any}))||die;${listening}sleep 60`,
  ];
};

const toFar = {
  target: 'near',
  to: () => CLIENT6,
  from: () => client,
  where: () => near,
} as const;
/** It sends back what it gets for the far one, more slowly than a hop limit ends. */
const farBehindClient = (more: string) => [
  {
    make: `ip -6 route add ${FAR6}/128 via ${CLIENT6} dev eth0 ${more}`.trim(),
    undo: `ip -6 route del ${FAR6}/128`,
  },
];

/** What writes the client's neighbour entry of its gateway. */
const gatewayEntry = (state: string): string =>
  `nsenter --net=/proc/${client.pid}/ns/net ip neigh replace ${client.gateway} lladdr ${bridge} dev eth0 nud ${state}`;

const paths: readonly Case[] = [
  {
    title: 'reverse path filtering on the node',
    id: 'NT-DROP-002',
    ...toServer,
    where: () => client.node,
    steps: () => [
      // The filter is for ARP too: who has forgotten its gateway would not get as far as that.
      { make: gatewayEntry('permanent'), undo: gatewayEntry('stale') },
      {
        make: 'sysctl -qw net.ipv4.conf.cni0.rp_filter=1',
        undo: 'sysctl -qw net.ipv4.conf.cni0.rp_filter=0',
      },
      {
        make: `ip route add ${client.address}/32 dev eth0`,
        undo: `ip route del ${client.address}/32 dev eth0`,
      },
    ],
    says: () => seen(ON_HOST, 'IP_RPFILTER', clientToServer()),
  },
  {
    title: 'a neighbour that does not answer',
    id: 'NT-DROP-003',
    target: 'client',
    to: () => '198.18.1.250:9',
    from: () => client,
    traffic: () => udp('198.18.1.250', 9),
    says: () => seen(inPod('client'), 'NEIGH_FAILED', flow('UDP', of('client'), '198.18.1.250:9')),
  },
  {
    title: 'a neighbour that does not answer, IPv6',
    id: 'NT-DROP-003',
    target: 'client',
    to: () => NOBODY6,
    from: () => client,
    traffic: () => udp(NOBODY6, 9),
    says: () => seen(inPod('client'), 'NOT_SPECIFIED', flow('UDP', CLIENT6, `[${NOBODY6}]:9`)),
  },
  ...(['unreachable', 'blackhole'] as const).map(
    (type): Case => ({
      title: `a route on the node that says ${type}`,
      id: 'NT-DROP-004',
      target: 'client',
      to: () => '203.0.113.9:9',
      from: () => client,
      traffic: () => udp('203.0.113.9', 9),
      where: () => client.node,
      steps: () => [{ make: `ip route add ${type} 203.0.113.9`, undo: `ip route del ${type} 203.0.113.9` }],
      says: () => seen(ON_HOST, 'NOT_SPECIFIED', flow('UDP', of('client'), '203.0.113.9:9')),
    }),
  ),
  ...(['unreachable', 'blackhole'] as const).map(
    (type): Case => ({
      title: `a route that says ${type}, IPv6`,
      id: 'NT-DROP-004',
      ...toFar,
      traffic: () => udp(FAR6, 9),
      steps: () => [{ make: `ip -6 route add ${type} ${FAR6}`, undo: `ip -6 route del ${type} ${FAR6}` }],
      says: () => seen(inPod('near'), '\\w+', flow('UDP', CLIENT6, `[${FAR6}]:9`)),
    }),
  ),
  {
    title: 'a hop limit that ends, IPv6',
    id: 'NT-DROP-010',
    ...toFar,
    traffic: () => again(`ping -c1 -W1 -t1 ${FAR6}`),
    steps: () => farBehindClient(''),
    says: () => seen(inPod('near'), 'IP_INHDR', flow('ICMPv6 type 128', CLIENT6, FAR6)),
  },
  {
    title: 'packets that are too big, IPv6',
    id: 'NT-DROP-011',
    ...toFar,
    traffic: () => again(`ip -6 route flush cache; ping -c1 -W1 -M do -s 1400 ${FAR6}`),
    steps: () => farBehindClient('mtu 1300'),
    // The route is narrower than the link.
    says: () => seen(inPod('near'), 'NOT_SPECIFIED', flow('ICMPv6 type 128', CLIENT6, FAR6)),
  },
  {
    title: 'a TTL that ends',
    id: 'NT-DROP-010',
    target: 'client',
    to: () => server.address,
    from: () => client,
    traffic: () => again(`ping -c1 -W1 -t1 ${server.address}`),
    says: () => seen(ON_HOST, 'IP_INHDR', flow('ICMP type 8', of('client'), of('server'))),
  },
  {
    title: 'packets that are too big',
    id: 'NT-DROP-011',
    target: 'client',
    to: () => server.address,
    from: () => client,
    // Without a cached path MTU each of them is sent.
    traffic: () => again(`ip route flush cache; ping -c1 -W1 -M do -s 1450 ${server.address}`),
    where: () => client.node,
    steps: () => [
      {
        make: `ip route add ${server.address}/32 via 198.51.100.12 mtu 1400`,
        undo: `ip route del ${server.address}/32 via 198.51.100.12 mtu 1400`,
      },
    ],
    says: () => seen(ON_HOST, 'PKT_TOO_BIG', flow('ICMP type 8', of('client'), of('server'))),
  },
  {
    title: 'a queue that is full',
    id: 'NT-DROP-007',
    target: 'client',
    to: () => server.address,
    from: () => client,
    traffic: () => again(`ping -q -c 30 -i 0.01 -W1 -s 500 ${server.address}`),
    where: () => client,
    steps: () => [
      {
        make: 'tc qdisc add dev eth0 root tbf rate 8kbit burst 1600 limit 2000',
        undo: 'tc qdisc del dev eth0 root',
      },
    ],
    says: () => seen(inPod('client'), 'QDISC_DROP', flow('ICMP type 8', of('client'), of('server'))),
  },
  {
    title: 'a queue that is full, IPv6',
    id: 'NT-DROP-007',
    target: 'client',
    to: () => NEAR6,
    from: () => client,
    traffic: () => again(`ping -q -c 30 -i 0.01 -W1 -s 500 ${NEAR6}`),
    where: () => client,
    steps: () => [
      {
        make: 'tc qdisc add dev eth0 root tbf rate 8kbit burst 1600 limit 2000',
        undo: 'tc qdisc del dev eth0 root',
      },
    ],
    says: () => seen(inPod('client'), 'QDISC_DROP', flow('ICMPv6 type 128', CLIENT6, NEAR6)),
  },
  {
    title: 'a closed port',
    id: 'NT-DROP-012',
    target: 'server',
    to: () => client.address,
    from: () => client,
    traffic: () => tcp(server.address, 8081),
    says: () => seen(inPod('server'), 'NO_SOCKET', flow('TCP', of('client'), `${of('server')}:8081`)),
  },
  {
    title: 'a closed port, IPv6',
    id: 'NT-DROP-012',
    target: 'near',
    to: () => CLIENT6,
    from: () => client,
    traffic: () => tcp(NEAR6, 8081),
    says: () => seen(inPod('near'), 'NO_SOCKET', flow('TCP', CLIENT6, `[${NEAR6}]:8081`)),
  },
  {
    title: 'fragments of which some never come',
    besides: true,
    id: 'NT-DROP-016',
    target: 'server',
    to: () => client.address,
    from: () => client,
    traffic: () => again(`ping -q -c1 -W1 -s 3000 ${server.address}`),
    where: () => server,
    steps: () => [
      { make: 'sysctl -qw net.ipv4.ipfrag_time=1', undo: 'sysctl -qw net.ipv4.ipfrag_time=30' },
      // Before they are put together.
      ...rule('ip', 'prerouting', -500, 'ip frag-off & 0x1fff != 0 drop'),
    ],
    says: () => seen(inPod('server'), 'FRAG_REASM_TIMEOUT', flow('ICMP type 8', of('client'), of('server'))),
  },
  {
    title: 'a VXLAN of another number',
    id: 'NT-DROP-017',
    target: 'server',
    to: () => client.address,
    from: () => client,
    // The header (RFC 7348, 5) with the VNI 9, and the beginning of a frame.
    traffic: () =>
      again(
        `printf '\\x08\\0\\0\\0\\0\\0\\x09\\0\\x02\\0\\0\\0\\0\\x01\\x02\\0\\0\\0\\0\\x02\\x08\\0abcdefghijklmnopqrstuvwxyz' >/dev/udp/${server.address}/4789`,
      ),
    where: () => server,
    steps: () => [
      {
        make: 'ip link add ntvxlan type vxlan id 42 dev eth0 dstport 4789',
        undo: 'ip link del ntvxlan',
      },
      { make: 'ip link set ntvxlan up', undo: '' },
    ],
    says: () =>
      seen(inPod('server'), 'VXLAN_VNI_NOT_FOUND', flow('UDP', of('client'), `${of('server')}:4789`)),
  },
  {
    title: 'segments that do not fit their connection',
    id: 'NT-DROP-013',
    besides: true,
    target: 'server',
    to: () => client.address,
    from: () => client,
    traffic: () => tcp(server.address, 8080),
    where: () => server,
    // Far from what is expected, on one side of it or on the other.
    steps: () =>
      rule(
        'ip',
        'prerouting',
        -300,
        'tcp dport 8080 tcp flags & (psh | ack) == psh | ack tcp sequence set 1',
      ),
    says: () =>
      seen(inPod('server'), 'TCP_INVALID_SEQUENCE', flow('TCP', of('client'), `${of('server')}:8080`)),
  },
  {
    title: 'a sender that cannot be',
    id: 'NT-DROP-015',
    target: 'server',
    to: () => '224.0.0.7',
    from: () => client,
    traffic: () => udp(server.address, 9),
    where: () => server,
    steps: () => rule('ip', 'prerouting', -300, 'udp dport 9 ip saddr set 224.0.0.7'),
    says: () => seen(inPod('server'), 'IP_INVALID_SOURCE', flow('UDP', '224.0.0.7', `${of('server')}:9`)),
  },
  {
    title: 'IPv6 that is switched off',
    id: 'NT-DROP-018',
    target: 'near',
    to: () => CLIENT6,
    from: () => client,
    traffic: () => udp(NEAR6, 9),
    where: () => near,
    steps: () => [
      {
        make: 'sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1',
        undo: `ip -6 addr add ${NEAR6}/64 dev eth0 nodad`,
      },
      { make: 'true', undo: 'sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0' },
    ],
    says: () => seen(inPod('near'), 'IPV6DISABLED', flow('UDP', CLIENT6, `[${NEAR6}]:9`)),
  },
];

describe.each([
  ['netfilter', netfilter],
  ['on the way', paths],
] as const)('%s', (_group, cases) => {
  test.each(cases)(
    '$title',
    async ({ id, says, target, to, where, steps, from, traffic, besides = false }) => {
      const work = (): Promise<Report> =>
        withTraffic(from?.() ?? client, traffic(), () => drops(target, '--to', to()));
      const report = await (where && steps ? withFault(where(), steps(), work) : work());
      const found = report.checks[0]?.findings.filter((finding) => finding.id === id) ?? [];
      // What was dropped on purpose may bring others with it: a reset for whom nobody listens any more.
      expect(
        found.map(({ summary }) => summary),
        JSON.stringify(report.checks[0]?.findings.map(({ summary }) => summary)),
      ).toContainEqual(expect.stringMatching(says()));
      const own = found.find(({ summary }) => says().test(summary));
      if (!besides) expectFirst(report, { id, severity: 'warning', says: says() });
      else if (own) note(report, own);
    },
  );
});

describe('at a socket', () => {
  test.each([
    ['IPv4', 'AF_INET', (): string => near.address, (): string => client.address],
    ['IPv6', 'AF_INET6', (): string => NEAR6, (): string => CLIENT6],
  ] as const)('the receive buffer is full, %s', async (_family, family, address, peer) => {
    const send = again(`for i in 1 2 3 4 5 6; do echo xxxxxxxxxxxx >/dev/udp/${address()}/9999; done`);
    const report = await withTraffic(near, busy(family, 'SOCK_DGRAM', 9999), () =>
      withTraffic(client, send, () => drops('near', '--to', peer())),
    );
    expectFirst(report, {
      id: 'NT-DROP-005',
      severity: 'warning',
      says: /dropped in pod \S+\/near because the socket has no room \(SOCKET_RCVBUFF in \w+\): UDP .*:9999/,
    });
  });

  test.each([
    ['IPv4', 'AF_INET', (): string => near.address, (): string => client.address],
    ['IPv6', 'AF_INET6', (): string => NEAR6, (): string => CLIENT6],
  ] as const)('the accept queue is full, %s', async (_family, family, address, peer) => {
    const open = [
      'bash',
      '-c',
      // Not before the rule is there.
      `until nft list table inet ntdrop | grep -q 9998; do sleep 0.1; done; for i in 1 2 3 4 5 6; do bash -c 'exec 3<>/dev/tcp/${address()}/9998; echo x >&3; sleep 60' & done; wait`,
    ];
    // With cookies a connection is made, and has to find room in the queue, when its first acknowledgement comes.
    const cookies = [
      { make: 'sysctl -qw net.ipv4.tcp_syncookies=2', undo: 'sysctl -qw net.ipv4.tcp_syncookies=1' },
    ];
    const held = rule('inet', 'output', -10, 'tcp dport 9998 tcp flags & (syn | ack) == ack drop');
    const report = await withFault(near, cookies, () =>
      withTraffic(near, busy(family, 'SOCK_STREAM', 9998), async () => {
        await until('a listener', 60, async () => /:9998 /.test(await near.run('ss', '-ltnH')) || 'not yet');
        return withTraffic(client, open, async () => {
          await withFault(client, held, () =>
            until('six connections', 60, async () => {
              const all = await client.run('ss', '-tnH', 'state', 'established', 'dport', '=', ':9998');
              return all.trim().split('\n').length === 6 || all;
            }),
          );
          return drops('near', '--to', peer());
        });
      }),
    );
    expectFirst(report, {
      id: 'NT-DROP-006',
      severity: 'warning',
      says: /dropped in pod \S+\/near because the accept queue .*: TCP \S+ → \S+:9998/,
    });
  });

  test.each([
    ['IPv4', (): string => near.address, (): string => client.address, 'tcp_v4_rcv'],
    ['IPv6', (): string => NEAR6, (): string => CLIENT6, 'tcp_v6_rcv'],
  ] as const)('checksums are wrong, %s', async (_family, address, peer, name) => {
    const report = await withWrongChecksums(client, near, () =>
      withTraffic(client, tcp(address(), 8080), () => drops('near', '--to', peer())),
    );
    expectFirst(report, {
      id: 'NT-DROP-009',
      severity: 'warning',
      says: new RegExp(
        `dropped in pod \\S+/near because their checksum is wrong \\(TCP_CSUM in ${name}\\): TCP .*[/\\]]\\S*:8080`,
      ),
    });
  });
});

describe('a program at an interface', () => {
  test.each([
    ['xdp', 'IPv4', 0x0800, '(?:XDP|NOT_SPECIFIED)'],
    ['xdp', 'IPv6', 0x86dd, '(?:XDP|NOT_SPECIFIED)'],
    ['tcx-ingress', 'IPv4', 0x0800, 'TC_INGRESS'],
    ['tcx-ingress', 'IPv6', 0x86dd, 'TC_INGRESS'],
    ['tcx-egress', 'IPv4', 0x0800, 'TC_EGRESS'],
    ['tcx-egress', 'IPv6', 0x86dd, 'TC_EGRESS'],
  ] as const)('%s, %s', async (hook, family, ethertype, reason) => {
    const [one, other] = family === 'IPv4' ? [client.address, near.address] : [CLIENT6, NEAR6];
    const named = (name: string, address: string): string => (family === 'IPv4' ? of(name) : address);
    const isOut = hook === 'tcx-egress';
    const [from, to, name] = isOut ? [near, one, 'client'] : [client, other, 'near'];
    const end = family === 'IPv4' ? `${of(name)}:9` : `[${to}]:9`;
    const [link] = JSON.parse(await near.run('ip', '-j', 'link', 'show', 'dev', 'eth0')) as [
      { ifindex: number },
    ];
    const report = await withTraffic(near, dropping(hook, link.ifindex, ethertype), () =>
      withTraffic(from, udp(to, 9), () => drops('near', '--to', one)),
    );
    const source = isOut ? named('near', other) : named('client', one);
    expectFirst(report, {
      id: 'NT-DROP-014',
      severity: 'warning',
      says: seen(inPod('near'), reason, flow('UDP', source, end)),
    });
  });
});

describe('on a node', () => {
  test('names the pod, and is an info where it may be meant', async () => {
    const report = await withFault(server, rule('inet', 'input', -10, 'udp dport 4243 drop'), () =>
      withTraffic(client, udp(server.address, 4243), () => drops('node/node2')),
    );
    const finding = expectInfo(report, 'NT-DROP-001', new RegExp(`in pod ${ns.name}/server .*UDP`));
    expect(finding.evidence[0]?.excerpt).toMatch(/UDP .*:4243/);
  });

  test('tells the drops of another node apart', async () => {
    const node2 = nodeNetns('node2');
    // More than a thousand a second.
    const flood = [
      'bash',
      '-c',
      'while sleep 0.05; do for i in {1..100}; do echo x >/dev/udp/198.18.2.1/4242; done; done',
    ];
    const path = '/run/netns/ntnode2';
    const report = await withFault(node2, rule('inet', 'input', -10, 'udp dport 4242 drop'), () =>
      withTraffic(path, flood, async () => {
        // Nothing of it is a flow of the pod's.
        expectSilence(await drops('client', '--to', `${server.address}:8080`));
        return drops('node/node1');
      }),
    );
    const rows = (report.checks[0]?.measurements['drops'] ?? []) as readonly {
      readonly packets: number;
      readonly place: { readonly kind: string; readonly name: string };
      readonly flow: { readonly text: string } | null;
    }[];
    const flooded = rows.filter(({ flow: one }) => one?.text.includes(':4242') === true);
    // The nodes of this cluster share their processes too: the other one's namespace is seen, under its own name.
    expect(flooded.map(({ place }) => place.name)).toEqual(['ntnode2']);
    expect(flooded[0]?.packets).toBeGreaterThan(1000);
  });
});

test('a healthy way is silent', async () => {
  const report = await withTraffic(client, tcp(server.address, 8080), () =>
    drops('client', '--to', `${server.address}:8080`),
  );
  expectSilence(report);
  expect(report.verdict).toBe('pass');
});

test('refuses what is no way to the kernel', async () => {
  const { code, stderr } = await nettools(['drops', 'client', '-n', ns.name, '--via', 'pod']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--via pod is no way/);
});
