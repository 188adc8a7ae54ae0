/**
 * Faults of a node, each made for real in the network namespace of a node of the test cluster, and named by the built
 * binary that looks at the node. Each is taken away again within seconds: the node stays the cluster's.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { apiGet } from '../cluster/api.ts';
import { nodes } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { app, kubectl, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, type Expected, expectFirst, expectInfo, expectSilence } from './named.ts';
import { nodeAddress, nodeNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-node');
const node1 = nodeNetns('node1');
const far = nodes.find(({ name }) => name === 'node2');
if (far === undefined) throw new Error('the cluster has two nodes');
const farAddress = far.address;

beforeAll(async () => {
  await ns.start(
    pod('near', { labels: { app: 'web' }, spec: { nodeName: 'node1' } }),
    pod('far', { labels: { app: 'web' }, spec: { nodeName: 'node2' } }),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await proxied(ns, 'web', 2);
});

/** A process of this machine, by its folder in /proc; none where that is no process, or one that is gone. */
async function argvOf(entry: string): Promise<{ readonly pid: number; readonly argv: string[] }[]> {
  if (!/^\d+$/.test(entry)) return [];
  const line = await readFile(join('/proc', entry, 'cmdline'), 'utf8').catch(() => '');
  return line === '' ? [] : [{ pid: Number(entry), argv: line.split('\0') }];
}

const on = (check: string, ...args: string[]) => checkReport(check, ['node/node1', '-n', ns.name, ...args]);

/** A VXLAN as flannel makes it, for a part of the other node's range in which no pod is. */
const OVERLAY = {
  device: 'ntvxlan',
  hop: '198.18.2.240',
  range: '198.18.2.240/28',
  mac: '02:00:00:00:00:02',
} as const;
const { device, hop, range, mac } = OVERLAY;
const LINK = [
  {
    make: `ip link add ${device} type vxlan id 4242 local ${nodes[0]?.address} dstport 8472 nolearning`,
    undo: `ip link del ${device}`,
  },
  { make: `ip link set ${device} up`, undo: '' },
  { make: `ip addr add 198.18.1.0/32 dev ${device}`, undo: '' },
  { make: `ip route add ${range} via ${hop} dev ${device} onlink`, undo: '' },
];
const NEIGHBOUR = { make: `ip neigh add ${hop} lladdr ${mac} dev ${device} nud permanent`, undo: '' };
const FDB = { make: `bridge fdb append ${mac} dev ${device} dst ${farAddress}`, undo: '' };

interface Case {
  readonly title: string;
  readonly check: string;
  readonly args?: readonly string[];
  readonly expected: Expected;
  readonly steps: readonly { readonly make: string; readonly undo: string }[];
}

const sysctl = (name: string, bad: string, good: string) => ({
  make: `sysctl -q -w ${name}=${bad}`,
  undo: `sysctl -q -w ${name}=${good}`,
});

const rawRule = (words: string) => ({
  make: `iptables -t raw -A PREROUTING ${words}`,
  undo: `iptables -t raw -D PREROUTING ${words}`,
});
/** As NodeLocal DNSCache writes it. */
const NOTRACK = '-d 169.254.20.10/32 -p udp -m udp --dport 53 -j CT --notrack';

const CASES: readonly Case[] = [
  {
    title: 'forwarding is off on the bridge of its pods',
    check: 'routing',
    expected: {
      id: 'NT-RT-006',
      severity: 'critical',
      says: /^IPv4 forwarding is off on the node \(it is 0 on cni0\)/,
    },
    steps: [sysctl('net.ipv4.conf.cni0.forwarding', '0', '1')],
  },
  {
    title: 'forwarding is off',
    check: 'diagnose',
    expected: {
      id: 'NT-RT-006',
      severity: 'critical',
      says: /^IPv4 forwarding is off on the node \(net\.ipv4\.ip_forward is 0\)/,
    },
    steps: [sysctl('net.ipv4.ip_forward', '0', '1')],
  },
  {
    title: "a VPN's table takes the pods of another node",
    check: 'routing',
    expected: {
      id: 'NT-RT-008',
      severity: 'critical',
      says: /^Packets to 198\.18\.2\.0\/24 \(pods of node2\) leave through ntvpn0 by rule 5270 \(table 52: 198\.18\.2\.0\/28 dev ntvpn0 table 52.*\), while table main has them by 198\.18\.2\.0\/24 via 198\.51\.100\.12/,
    },
    steps: [
      { make: 'ip link add ntvpn0 type veth peer name ntvpn1', undo: 'ip link del ntvpn0' },
      { make: 'ip link set ntvpn0 up', undo: '' },
      { make: 'ip link set ntvpn1 up', undo: '' },
      { make: 'ip route add 198.18.2.0/28 dev ntvpn0 table 52', undo: '' },
      { make: 'ip rule add priority 5270 lookup 52', undo: 'ip rule del priority 5270 lookup 52' },
    ],
  },
  {
    title: 'the policy of FORWARD is DROP, and nobody accepts the pods',
    check: 'routing',
    expected: {
      id: 'NT-RT-010',
      severity: 'critical',
      says: /^The node drops what its pods \(198\.18\.1\.0\/24\) send to those of node2: no rule of FORWARD accepts them, and its policy is -t filter -P FORWARD DROP \(\d+ packets? so far\)/,
    },
    steps: [{ make: 'iptables -P FORWARD DROP', undo: 'iptables -P FORWARD ACCEPT' }],
  },
  {
    title: 'what crosses the bridge passes by the rules of the node',
    check: 'routing',
    expected: {
      id: 'NT-RT-009',
      severity: 'warning',
      says: /^The pods of the node share the bridge cni0, and net\.bridge\.bridge-nf-call-iptables is 0/,
    },
    steps: [sysctl('net.bridge.bridge-nf-call-iptables', '0', '1')],
  },
  {
    title: 'idle connections are forgotten after 15 minutes',
    check: 'diagnose',
    expected: {
      id: 'NT-CT-005',
      severity: 'warning',
      says: /^TCP connections that rest for more than 900 s are forgotten by the node's connection table/,
    },
    steps: [sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', '900', '432000')],
  },
  {
    title: 'packets of pods are accepted before the rule that keeps those to the DNS cache from tracking',
    check: 'conntrack',
    expected: {
      id: 'NT-CT-006',
      severity: 'warning',
      says: /^iptables -t raw -A PREROUTING -i cni0 -j ACCEPT stands before iptables -t raw -A PREROUTING -d 169\.254\.20\.10\/32 .* --notrack: packets that should not be tracked are accepted first/,
    },
    steps: [rawRule('-i cni0 -j ACCEPT'), rawRule(NOTRACK)],
  },
  {
    title: 'the overlay has no neighbour entry for a node',
    check: 'arp',
    expected: {
      id: 'NT-ARP-006',
      severity: 'critical',
      says: /^ntvxlan has no neighbour entry for 198\.18\.2\.240 \(pods of node node2\) and no/,
    },
    steps: LINK,
  },
  {
    title: 'the overlay has no forwarding entry for a node',
    check: 'arp',
    expected: {
      id: 'NT-ARP-006',
      severity: 'critical',
      says: /^ntvxlan has no forwarding entry for 02:00:00:00:00:02, the MAC address of 198\.18\.2\.240 \(pods of node node2\): packets/,
    },
    steps: [...LINK, NEIGHBOUR],
  },
  {
    title: 'the overlay sends to an address that the node has no more',
    check: 'diagnose',
    expected: {
      id: 'NT-ARP-006',
      severity: 'critical',
      says: /^ntvxlan sends packets for 198\.18\.2\.240 to 198\.51\.100\.99, but node node2 is 198\.51\.100\.12/,
    },
    steps: [...LINK, NEIGHBOUR, { ...FDB, make: FDB.make.replace(farAddress, '198.51.100.99') }],
  },
  {
    title: 'a rule of the node drops what goes to a pod of another',
    check: 'firewall',
    args: ['--to', 'pod/far:8080'],
    expected: { id: 'NT-FW-005', severity: 'critical', says: /counter/ },
    steps: [
      { make: 'nft add table inet ntfault', undo: 'nft delete table inet ntfault' },
      { make: 'nft add chain inet ntfault out { type filter hook output priority 0 ; }', undo: '' },
      { make: 'nft add rule inet ntfault out tcp dport 8080 counter drop', undo: '' },
    ],
  },
];

/**
 * Runs `work` while the fault is there, and again when it was not until the end: each pod that is started on the node
 * makes its CNI plugin switch forwarding on.
 */
async function whileItStands<T>(steps: Case['steps'], work: () => Promise<T>): Promise<T> {
  const settings = steps.flatMap(({ make }) => /^sysctl -q -w (\S+)=(\S+)$/.exec(make)?.slice(1) ?? []);
  const [name, value] = settings;
  for (;;) {
    const { result, stood } = await withFault(node1, steps, async () => ({
      result: await work(),
      stood: name === undefined || (await node1.run('sysctl', '-n', name)).trim() === value,
    }));
    if (stood) return result;
  }
}

describe('named first', () => {
  test.each(CASES)('$title', async ({ check, args = [], expected, steps }) => {
    const report = await whileItStands(steps, () => on(check, ...args));
    expectFirst(report, expected);
  });
});

test('what is kept from tracking first is no fault', async () => {
  const steps = [rawRule(NOTRACK), rawRule('-i cni0 -j ACCEPT')];
  expectSilence(await withFault(node1, steps, () => on('conntrack', '--for', '1s')));
});

describe('a pod of the node', () => {
  const GONE = '198.51.100.77';

  test('is led by a rule of its own to a router that is gone', async () => {
    const near = await podNetns(ns.name, 'near');
    const steps = [
      { make: `ip route add default via ${GONE} dev eth0 table 100`, undo: 'ip route flush table 100' },
      { make: `ip rule add from ${near.address} lookup 100 priority 10`, undo: 'ip rule del priority 10' },
    ];
    const sends = ['ping', '-q', '-i', '0.2', farAddress];
    const report = await withFault(node1, steps, () => withTraffic(near, sends, () => on('routing')));
    expectFirst(report, {
      id: 'NT-RT-016',
      severity: 'critical',
      says: /^The node leads what comes from its pods by rule "10: from 198\.18\.1\.\d+ lookup 100" to 198\.51\.100\.77 on eth0 .*, and nobody answers for that address/,
    });
  });

  test('is led by a rule of its own past its neighbours, and not where main is asked first', async () => {
    const near = await podNetns(ns.name, 'near');
    await ns.start(pod('beside', { spec: { nodeName: 'node1' } }));
    const rule = {
      make: `ip rule add from ${near.address} lookup 100 priority 10`,
      undo: 'ip rule del priority 10',
    };
    const table = {
      make: `ip route add default via ${farAddress} dev eth0 table 100`,
      undo: 'ip route flush table 100',
    };
    expectFirst(await withFault(node1, [table, rule], () => on('routing')), {
      id: 'NT-RT-016',
      severity: 'critical',
      says: /^What pod 198\.18\.1\.\d+ sends to 198\.18\.1\.\d+, a pod of the same node, leaves through eth0 by rule "10: from/,
    });
    const main = {
      make: 'ip rule add to 198.18.1.0/24 lookup main priority 5',
      undo: 'ip rule del priority 5',
    };
    expectSilence(await withFault(node1, [table, main, rule], () => on('routing')));
  });

  test('is not where the way back to it leads, and the filter is strict', async () => {
    const near = await podNetns(ns.name, 'near');
    await node1.run('ping', '-c', '1', near.address);
    const away = [
      { make: 'ip link add ntrp0 type veth peer name ntrp1', undo: 'ip link del ntrp0' },
      { make: 'ip link set ntrp0 up', undo: '' },
      { make: 'ip link set ntrp1 up', undo: '' },
      { make: `ip route add ${near.address}/32 dev ntrp0`, undo: '' },
    ];
    const strict = [sysctl('net.ipv4.conf.cni0.rp_filter', '1', '0')];
    expectFirst(await withFault(node1, [...away, ...strict], () => on('diagnose')), {
      id: 'NT-RT-003',
      severity: 'critical',
      says: /^The node drops what pod 198\.18\.1\.\d+ sends: it comes in on cni0, where the reverse path filter is strict, and the way back to it leads through ntrp0/,
    });
    expectSilence(await withFault(node1, strict, () => on('routing')));
  });
});

test('answers that come in on another interface are dropped by rp_filter', async () => {
  const near = await podNetns(ns.name, 'near');
  const link = [
    { make: `ip link add ntf0 address ${mac} type veth peer name ntf1`, undo: 'ip link del ntf0' },
    { make: 'ip addr add 203.0.113.5/30 dev ntf0', undo: '' },
    { make: 'ip link set ntf0 up', undo: '' },
    { make: 'sysctl -qw net.ipv4.conf.ntf0.rp_filter=1', undo: '' },
  ];
  const report = await withFault(node1, link, async () => {
    // The other end moves into the pod, which answers through it; the node asks through the bridge.
    await node1.run('ip', 'link', 'set', 'ntf1', 'netns', near.pid);
    const answers = [
      { make: 'ip addr add 203.0.113.6/30 dev ntf1', undo: '' },
      { make: 'ip link set ntf1 up', undo: '' },
      // The filter keeps the node from answering the pod's ARP request as well, and then nothing comes at all.
      { make: `ip neigh add 203.0.113.5 lladdr ${mac} dev ntf1`, undo: '' },
      {
        make: `ip route add ${near.gateway} via 203.0.113.5 src ${near.address}`,
        undo: `ip route del ${near.gateway}`,
      },
    ];
    return withFault(near, answers, () => on('routing', '--to', 'pod/near:8080'));
  });
  expectFirst(report, {
    id: 'NT-RT-003',
    severity: 'critical',
    says: /\(strict on ntf0\) dropped \d+ packets? .*near:8080 .*sent to through cni0/,
  });
});

describe("kube-proxy's rules", () => {
  interface Spec {
    readonly spec: { readonly clusterIP: string };
  }
  interface Slice {
    readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
    readonly ports: readonly { readonly name: string; readonly port: number }[];
  }
  const clusterIp = async (): Promise<string> =>
    (JSON.parse(await apiGet(`/api/v1/namespaces/${ns.name}/services/web`)) as Spec).spec.clusterIP;

  /** The element of the map that leads to the Service, as nft takes it again. */
  async function element(address: string): Promise<string> {
    const map = await node1.run('nft', 'list', 'map', 'ip', 'kube-proxy', 'service-ips');
    const found = new RegExp(`${address.replaceAll('.', '\\.')} \\. tcp \\. 80 : goto [^\\s,]+`).exec(
      map,
    )?.[0];
    if (found === undefined) throw new Error(`kube-proxy does not know ${address}`);
    return found;
  }

  test('lack a Service', async () => {
    const address = await clusterIp();
    const entry = await element(address);
    const map = ['ip', 'kube-proxy', 'service-ips'];
    // Not before the endpoints are older than what kube-proxy may take to hear of them.
    await settled();
    await node1.run('nft', 'delete', 'element', ...map, `{ ${address} . tcp . 80 }`);
    try {
      const report = await on('service', '--to', 'svc/web');
      expectFirst(report, {
        id: 'NT-SVC-009',
        severity: 'critical',
        says: /^kube-proxy's rules on node1 \(nftables mode\) lack svc\/web \(198\.19[.\d]+:80\/tcp\), though it has 2 ready endpoints/,
      });
    } finally {
      await node1.run('nft', 'add', 'element', ...map, `{ ${entry} }`);
    }
  });

  test('lead to an endpoint that is gone', async () => {
    const [, chain = ''] = / : goto (\S+)/.exec(await element(await clusterIp())) ?? [];
    const body = await node1.run('nft', '-a', 'list', 'chain', 'ip', 'kube-proxy', chain);
    const [, rule = '', handle = ''] = /^\s*(meta .*) # handle (\d+)$/m.exec(body) ?? [];
    await settled();
    const place = ['rule', 'ip', 'kube-proxy', chain, 'handle', handle];
    await node1.run('nft', 'replace', ...place, rule.replace(/198\.18\.2\.\d+/, '198.18.2.250'));
    try {
      const report = await on('service', '--to', 'svc/web');
      expectFirst(report, {
        id: 'NT-SVC-009',
        severity: 'critical',
        says: /send svc\/web to 198\.18\.2\.250:8080, no endpoint of it and lack 198\.18\.2\.\d+:8080, a ready endpoint of svc\/web/,
      });
    } finally {
      await node1.run('nft', 'replace', ...place, rule);
      // Or a connection that was led astray would be a finding of its own.
      await node1.attempt('conntrack', '-D', '-d', await clusterIp());
    }
  });

  /** Runs `work` while node1 has no rule of kube-proxy, and nobody who writes them. */
  async function withoutProxy(work: () => Promise<void>): Promise<void> {
    const found = (await Promise.all((await readdir('/proc')).map(argvOf))).flat();
    const [proxy] = found.filter(
      ({ argv }) => argv[0]?.endsWith('/kube-proxy') && argv[1]?.includes('/node1/'),
    );
    if (proxy === undefined) throw new Error('no kube-proxy of node1 runs');
    const folder = await mkdtemp(join(tmpdir(), 'nettools-node-'));
    const tables = ['ip', 'ip6'].map((family) => ({ family, file: join(folder, family) }));
    for (const { family, file } of tables)
      await writeFile(file, await node1.run('nft', 'list', 'table', family, 'kube-proxy'));
    process.kill(proxy.pid, 'SIGSTOP');
    try {
      for (const { family } of tables) await node1.run('nft', 'delete', 'table', family, 'kube-proxy');
      await work();
    } finally {
      for (const { file } of tables) await node1.attempt('nft', '-f', file);
      process.kill(proxy.pid, 'SIGCONT');
      await rm(folder, { recursive: true });
    }
    await proxied(ns, 'web', 2);
  }

  test('were never written', async () => {
    await withoutProxy(async () => {
      expectFirst(await on('diagnose', '--to', 'svc/web'), {
        id: 'NT-SVC-009',
        severity: 'critical',
        says: /^node1 has no rule of kube-proxy for any Service, in neither mode \(nftables, iptables\): 2 of 2 endpoints of svc\/web answer, and its cluster IP 198\.19[.\d]+:80 does not .*, nor does the API server's/,
      });
    });
    expectSilence(await on('service', '--to', 'svc/web'));
  });

  test('of its iptables mode, by hand, are enough where others were never written', async () => {
    await withoutProxy(async () => {
      const services = [
        { ns: 'default', name: 'kubernetes', protocol: 'tcp', port: 443, portName: 'https' },
        { ns: 'kube-system', name: 'kube-dns', protocol: 'udp', port: 53, portName: 'dns' },
        { ns: 'kube-system', name: 'kube-dns', protocol: 'tcp', port: 53, portName: 'dns-tcp' },
        { ns: ns.name, name: 'web', protocol: 'tcp', port: 80, portName: 'http' },
      ];
      const rules = [...MASQUERADE, ...(await Promise.all(services.map(iptablesOf))).flat()];
      const chains = [...new Set(rules.map((rule) => rule.split(' ')[1] ?? ''))];
      const file = join(await mkdtemp(join(tmpdir(), 'nettools-node-')), 'rules');
      const hooks = HOOKS.map(([hook, chain]) => `-A ${hook} -j ${chain}`);
      const text = ['*nat', ...chains.map((name) => `:${name} - [0:0]`), ...hooks, ...rules, 'COMMIT', ''];
      await writeFile(file, text.join('\n'));
      await node1.run('iptables-restore', '-n', file);
      try {
        expectSilence(await on('service', '--to', 'svc/web'));
        for (const target of ['node/node1', 'near']) {
          const report = await checkReport('diagnose', [target, '-n', ns.name, '--to', 'svc/web']);
          expect(problems(report).filter(({ id }) => !id.startsWith('NT-LAT-'))).toEqual([]);
        }
      } finally {
        for (const [hook, chain] of HOOKS)
          await node1.attempt('iptables', '-t', 'nat', '-D', hook, '-j', chain);
        for (const words of ['-F', '-X'])
          for (const name of chains) await node1.attempt('iptables', '-t', 'nat', words, name);
        await rm(dirname(file), { recursive: true });
      }
    });
  });

  /** Where kube-proxy's chains are called from in iptables mode. */
  const HOOKS = [
    ['PREROUTING', 'KUBE-SERVICES'],
    ['OUTPUT', 'KUBE-SERVICES'],
    ['POSTROUTING', 'KUBE-POSTROUTING'],
  ] as const;
  /** A pod that is led to itself has to hear itself from another address. */
  const MASQUERADE = [
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MASQUERADE',
  ];

  interface ServiceKey {
    readonly ns: string;
    readonly name: string;
    readonly protocol: string;
    readonly port: number;
    readonly portName: string;
  }

  /** What kube-proxy writes in iptables mode: a chain for the Service's port, and one for each endpoint. */
  async function iptablesOf({ ns: space, name, protocol, port, portName }: ServiceKey): Promise<string[]> {
    const get = async <T>(path: string): Promise<T> => JSON.parse(await apiGet(path)) as T;
    const { spec } = await get<Spec>(`/api/v1/namespaces/${space}/services/${name}`);
    const { items } = await get<{ items: Slice[] }>(
      `/apis/discovery.k8s.io/v1/namespaces/${space}/endpointslices?labelSelector=kubernetes.io/service-name%3D${name}`,
    );
    const places = items.flatMap(({ endpoints, ports }) =>
      (endpoints ?? []).flatMap(({ addresses }) =>
        ports.filter((one) => one.name === portName).map((one) => `${addresses[0]}:${one.port}`),
      ),
    );
    const comment = `-m comment --comment "${space}/${name}:${portName}`;
    const hash = createHash('sha256')
      .update(`${space}/${name}:${portName}`)
      .digest('hex')
      .slice(0, 16)
      .toUpperCase();
    const own = `KUBE-SVC-${hash}`;
    return [
      `-A KUBE-SERVICES -d ${spec.clusterIP}/32 -p ${protocol} ${comment} cluster IP" -m ${protocol} --dport ${port} -j ${own}`,
      ...places.flatMap((place, i) => {
        const end = `KUBE-SEP-${hash.slice(0, 14)}${String(i).padStart(2, '0')}`;
        const share = (1 / (places.length - i)).toFixed(11);
        const pick = i === places.length - 1 ? '' : ` -m statistic --mode random --probability ${share}`;
        return [
          `-A ${own} ${comment} -> ${place}"${pick} -j ${end}`,
          `-A ${end} -s ${place.split(':')[0]}/32 ${comment}" -j KUBE-MARK-MASQ`,
          `-A ${end} -p ${protocol} ${comment}" -m ${protocol} -j DNAT --to-destination ${place}`,
        ];
      }),
    ];
  }

  /** Resolves when the Service's endpoints have stood still for long enough to be judged. */
  async function settled(): Promise<void> {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${ns.name}/endpointslices`;
    const list = JSON.parse(await apiGet(path)) as {
      items: { metadata: { managedFields: { time: string }[] } }[];
    };
    const times = list.items.flatMap(({ metadata }) =>
      metadata.managedFields.map(({ time }) => Date.parse(time)),
    );
    const wait = Math.max(...times) + 31_000 - Date.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
  }
});

describe('the connection table of the node', () => {
  test('is filled', async () => {
    const count = async (name: string): Promise<number> =>
      Number(await node1.run('cat', `/proc/sys/net/netfilter/nf_conntrack_${name}`));
    const entries = Math.ceil(0.77 * (await count('max')) - (await count('count')));
    const folder = await mkdtemp(join(tmpdir(), 'nettools-node-'));
    const lines = Array.from({ length: entries }, (_, i) => {
      const [host, port] = [1 + Math.floor(i / 50_000), 1024 + (i % 50_000)];
      const [from, to] = [`192.0.2.${host}`, '198.51.100.200'];
      return `-A -t 600 -u SEEN_REPLY,ASSURED -s ${from} -d ${to} -r ${to} -q ${from} -p udp --sport ${port} --dport 53 --reply-port-src 53 --reply-port-dst ${port}`;
    });
    try {
      await writeFile(join(folder, 'entries'), `${lines.join('\n')}\n`);
      await node1.attempt('conntrack', '-R', join(folder, 'entries'));
      const report = await on('conntrack', '--for', '1s');
      expectFirst(report, {
        id: 'NT-CT-001',
        severity: 'warning',
        says: /^The node's .*holds \d+ of \d+ entries \(7\d[.\d]* %\), \d+ of them udp, most of all \(\d+\) from 192\.0\.2\.\d+ to 198\.51\.100\.200 port 53/,
      });
    } finally {
      await node1.attempt('conntrack', '-D', '-d', '198.51.100.200');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('UDP that began when nothing led there', () => {
  const PORTS = { service: '40514', host: '40515' };
  const HOST_PORT = 19514;

  test('is not translated', async () => {
    const published = { ...app, ports: [{ containerPort: 9514, hostPort: HOST_PORT, protocol: 'UDP' }] };
    await ns.start(pod('published', { containers: [published], spec: { nodeName: 'node1' } }));
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'logs' },
      spec: { selector: { app: 'web' }, ports: [{ protocol: 'UDP', port: 514, targetPort: 8080 }] },
    });
    await proxied(ns, 'logs', 2);
    const near = await podNetns(ns.name, 'near');
    const service = await ns.kubectl(['get', 'service', 'logs', '-o', 'jsonpath={.spec.clusterIP}']);
    const node = nodeAddress('node1');
    const holes = [
      { to: service, port: '514', from: PORTS.service },
      { to: node, port: String(HOST_PORT), from: PORTS.host },
    ];
    const forget = () =>
      Promise.all(
        holes.map(({ from }) =>
          node1.attempt('conntrack', '-D', '-p', 'udp', '-s', near.address, '--orig-port-src', from),
        ),
      );
    // As the kernel would have kept it: what comes out of the same socket later belongs to it.
    for (const { to, port, from } of holes)
      await node1.run(
        ...[
          'conntrack',
          '-I',
          '-p',
          'udp',
          '-t',
          '30',
          '-s',
          near.address,
          '-d',
          to,
          '-r',
          to,
          '-q',
          near.address,
        ],
        ...['--sport', from, '--dport', port, '--reply-port-src', port, '--reply-port-dst', from],
      );
    const send = holes.map(
      ({ to, port, from }) =>
        `while echo x; do sleep 0.3; done | socat -u - UDP4-SENDTO:${to}:${port},sourceport=${from} & `,
    );
    try {
      await withTraffic(near, ['timeout', '100', 'sh', '-c', `${send.join('')}wait`], async () => {
        const report = await on('conntrack');
        const says = problems(report).map(({ id, summary }) => `${id} ${summary}`);
        says.sort();
        expect(says).toEqual([
          expect.stringMatching(
            /^NT-CT-004 1 connection to svc\/logs in \S+ \(198\.19[.\d]+:514\/udp\), from \S+, is not translated, though the Service has 2 endpoints/,
          ),
          expect.stringMatching(
            /^NT-CT-004 1 connection to the hostPort of pod \S+\/published \(198\.51\.100\.11:19514\/udp\), from \S+, is not translated, though the pod is there/,
          ),
        ]);
        expectFirst(report, { id: 'NT-CT-004', severity: 'critical', says: /is not translated/ });
        // The same datagrams from the same sockets, led by the rules of now.
        await forget();
        expectSilence(await on('conntrack'));
      });
    } finally {
      await forget();
      // Nothing listens on UDP there, of which a diagnosis of one of its pods would say so.
      await ns.kubectl(['delete', 'service', 'logs']);
    }
  });
});

describe('what the API says of another node', () => {
  const NAME = 'nettools-nodex';

  /** A node that nobody runs. */
  async function withNode<T>(address: string, podRange: string, work: () => Promise<T>): Promise<T> {
    const addresses = [
      { type: 'InternalIP', address },
      { type: 'ExternalIP', address: '203.0.113.78' },
    ];
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NAME },
      spec: {
        podCIDR: podRange,
        podCIDRs: [podRange],
        taints: [{ key: 'nettools', effect: 'NoSchedule' }],
      },
    };
    await kubectl(['create', '-f', '-'], JSON.stringify(node));
    try {
      const status = ['patch', 'node', NAME, '--subresource=status', '--type=merge', '-p'];
      await kubectl([...status, JSON.stringify({ status: { addresses } })]);
      return await work();
    } finally {
      await kubectl(['delete', 'node', NAME, '--wait=false']);
    }
  }

  test('this node has its address', async () => {
    await withNode('203.0.113.77', '198.18.3.0/24', async () => {
      expectSilence(await on('routing'));
      const steps = [
        { make: 'ip link add kube-ipvs0 type veth peer name ntipvs1', undo: 'ip link del kube-ipvs0' },
        { make: 'ip addr add 203.0.113.77/32 dev kube-ipvs0', undo: '' },
      ];
      const report = await withFault(node1, steps, () => on('diagnose', '--to', '203.0.113.77:10250'));
      expectFirst(report, {
        id: 'NT-RT-013',
        severity: 'critical',
        says: /^203\.0\.113\.77 is an address of nettools-nodex, and kube-ipvs0 of this node has it too \(kube-proxy puts addresses of Services there\): what is sent to nettools-nodex from here never leaves/,
      });
    });
  });

  test('its address lies in the pod range of this one', async () => {
    const report = await withNode('198.18.1.253', '198.18.3.0/24', () =>
      on('diagnose', '--to', '198.18.1.253:10250'),
    );
    expectFirst(report, {
      id: 'NT-RT-014',
      severity: 'critical',
      says: /^198\.18\.1\.253, an address of nettools-nodex, lies in the pod range of this node \(198\.18\.1\.0\/24\): packets to it follow the route of the pods, 198\.18\.1\.0\/24 dev cni0/,
    });
  });

  /** What leads to the pods of node2. */
  const GAP = {
    make: 'ip route del 198.18.2.0/24',
    undo: `ip route replace 198.18.2.0/24 via ${farAddress}`,
  };

  test('the route to the pods of a third one is not there', async () => {
    // What the range of a node has shows that routes are a matter of the nodes, and not of the router between them.
    const like = { make: 'ip route add 198.18.3.0/24 via 198.51.100.78', undo: 'ip route del 198.18.3.0/24' };
    const ask = (check: string) => on(check, '--to', 'pod/far:8080');
    await withNode('198.51.100.78', '198.18.3.0/24', async () => {
      const report = await withFault(node1, [like, GAP], () => ask('diagnose'));
      expectFirst(report, {
        id: 'NT-RT-019',
        severity: 'critical',
        says: /^pod\/far:8080 \(198\.18\.2\.\d+\) lies in the pod range of node2 \(198\.18\.2\.0\/24\), to which this node has no route of its own: packets follow default via 198\.51\.100\.1 dev eth0, and nothing comes back\. The range of nettools-nodex has one: 198\.18\.3\.0\/24 via 198\.51\.100\.78 dev eth0/,
      });
      expect(problems(report).find(({ id }) => id === 'NT-FW-001')?.causedBy).toBe('NT-RT-019');
      const mended = await withFault(node1, [like], () => ask('routing'));
      expectSilence(mended);
      expect(mended.checks.flatMap(({ findings }) => findings.map(({ id }) => id))).not.toContain(
        'NT-RT-019',
      );
    });
  });

  test('the route to the pods of the only other one is not there', async () => {
    const ask = (check: string) => on(check, '--to', 'pod/far:8080');
    const report = await withFault(node1, [GAP], () => ask('diagnose'));
    expectFirst(report, {
      id: 'NT-RT-019',
      severity: 'warning',
      says: /^pod\/far:8080 \(198\.18\.2\.\d+\) lies in the pod range of node2 .*: packets follow default via 198\.51\.100\.1 dev eth0, and nothing comes back\. 198\.51\.100\.1 is not node2, which is a neighbour here \(198\.51\.100\.12\), and no cloud says that it leads to pods: .* \(198\.18\.1\.0\/24 dev cni0 .*\), and has left this one out/,
    });
    expect(problems(report).find(({ id }) => id === 'NT-FW-001')?.causedBy).toBe('NT-RT-019');
    expectSilence(await ask('diagnose'));
  });

  test('where a cloud writes the routes, that a node has none is no accusation', async () => {
    // As the route controller of a cloud says of each node that its network leads to.
    const led = (reason: string) => ({
      status: { conditions: [{ type: 'NetworkUnavailable', status: 'False', reason }] },
    });
    const status = ['patch', 'node', 'node2', '--subresource=status', '-p'];
    await kubectl([...status, JSON.stringify(led('RouteCreated'))]);
    try {
      const report = await withFault(node1, [GAP], () => on('routing', '--to', 'pod/far:8080'));
      expectSilence(report);
      expectInfo(
        report,
        'NT-RT-019',
        /^pod\/far\S* .* Whether it should have one cannot be seen here: .* \(the condition RouteCreated of node2 speaks for that\)/,
      );
    } finally {
      const removed = [{ $patch: 'delete', type: 'NetworkUnavailable' }];
      await kubectl([...status, JSON.stringify({ status: { conditions: removed } })]);
    }
  });

  const fromPod = (...flags: string[]) =>
    checkReport('diagnose', ['near', '-n', ns.name, '--to', 'pod/far:8080', ...flags]);

  test('the route to its pods is not there, as pods see it', async () => {
    await withFault(node1, [GAP], async () => {
      expectFirst(await fromPod('--deep'), {
        id: 'NT-PATH-003',
        severity: 'critical',
        says: /is lost between node\/node1 and node\/node2 \(.*; node\/node1 has no route of its own to the pods there: it sent it by default via 198\.51\.100\.1 dev eth0, while node\/node2 has one to the target's pods, 198\.18\.1\.0\/24 via 198\.51\.100\.11 dev eth0: the route of node\/node1 is missing/,
      });
      // A pod sees none of its node's routes: DEST leads all the same, and not the share of questions to the name server.
      const alone = await fromPod();
      const first = expectFirst(alone, {
        id: 'NT-FW-001',
        severity: 'critical',
        says: /^pod\/far:8080 .* was silent/,
      });
      expect(first.remediation).toMatch(
        /\nkubectl nettools firewall near -n \S+ --deep --to pod\/far\.\S+:8080\n/,
      );
    });
    expectSilence(await fromPod('--deep'));
  });

  test('the network between drops what has addresses of pods', async () => {
    const near = await podNetns(ns.name, 'near');
    // As a cloud does whose check of addresses knows the nodes alone: of this pod, and to any pod there.
    const steps = [
      { make: 'nft add table bridge ntcloud', undo: 'nft delete table bridge ntcloud' },
      { make: 'nft add chain bridge ntcloud c { type filter hook forward priority 0 ; }', undo: '' },
      {
        make: `nft add rule bridge ntcloud c ether type ip ip saddr ${near.address} ip daddr 198.18.2.0/24 drop`,
        undo: '',
      },
    ];
    const machine = {
      run: (...argv: readonly string[]) => run(argv),
      attempt: (...argv: readonly string[]) => attempt(argv),
    };
    await withFault(machine, steps, async () => {
      const deep = expectFirst(await fromPod('--deep'), {
        id: 'NT-PATH-003',
        severity: 'critical',
        says: /is lost between node\/node1 and node\/node2 \(.*; it left node\/node1 for the next hop 198\.51\.100\.12, which answers ARP \(\w+\), with the pod's own address 198\.18\.1\.\d+ as its source: what is between drops it, by its addresses/,
      });
      expect(deep.remediation).toMatch(
        /\nkubectl nettools firewall node\/node1 --to 198\.51\.100\.12:10250$/,
      );
      expectFirst(await fromPod(), {
        id: 'NT-FW-001',
        severity: 'critical',
        says: /^pod\/far:8080 .* was silent/,
      });
    });
    expectSilence(await fromPod('--deep'));
  });

  test("the tunnel's end there is not found", async () => {
    // Two ends on the same link: of one the entry is what a node would have that its peers cannot get to.
    const steps = (end: string) => [
      ...LINK.slice(0, 3),
      { make: `ip route add 198.18.3.0/24 via 198.18.3.0 dev ${device} onlink`, undo: '' },
      { make: `ip neigh add 198.18.3.0 lladdr ${mac} dev ${device} nud permanent`, undo: '' },
      { make: `bridge fdb append ${mac} dev ${device} dst ${end}`, undo: '' },
    ];
    const ask = (end: string) =>
      withNode(end, '198.18.3.0/24', () =>
        withFault(node1, steps(end), () => on('arp', '--to', '198.18.3.5:8080')),
      );
    expectFirst(await ask('198.51.100.99'), {
      id: 'NT-ARP-006',
      severity: 'critical',
      says: /^ntvxlan sends packets for 198\.18\.3\.0 \(pods of node nettools-nodex\) to 198\.51\.100\.99, which nobody answers for on eth0 \(its neighbour entry is (FAILED|INCOMPLETE)\); the node has 203\.0\.113\.78 too/,
    });
    const healthy = await ask(farAddress);
    expect(problems(healthy).filter(({ id }) => id === 'NT-ARP-006')).toEqual([]);
  });
});

describe('the uplink of a node', () => {
  test('has a smaller MTU than that of the other', async () => {
    const far = nodeNetns('node2');
    const steps = [{ make: 'ip link set eth0 mtu 1400', undo: 'ip link set eth0 mtu 1500' }];
    const ask = () => on('mtu', '--to', 'pod/far:8080');
    expectSilence(await ask());
    expectFirst(await withFault(far, steps, ask), {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /^eth0 sends packets of up to 1500 bytes, but the way to node\/node2 itself carries 14\d\d \(nobody says so\), and so does the way to .*: it is the network between the nodes, and no overlay/,
    });
  });
});

describe("the queues of the node's CPUs", () => {
  // One setting and one counter for all namespaces of the machine, and so of no node of the test cluster alone.
  const file = '/proc/sys/net/core/netdev_max_backlog';

  test('are full', async () => {
    // The bridge puts a copy of each broadcast into the queue of one CPU for every other pod at once.
    const spec = { nodeName: 'node1' };
    await ns.start(pod('full-1', { spec }), pod('full-2', { spec }), pod('full-3', { spec }));
    const near = await podNetns(ns.name, 'near');
    const flood = 'socat -u -b 64 /dev/zero UDP4-DATAGRAM:255.255.255.255:9,broadcast';
    const before = (await readFile(file, 'utf8')).trim();
    // For moments only: whoever else sends on this machine meanwhile loses packets too.
    let isOn = true;
    const pulses = async (): Promise<void> => {
      while (isOn) {
        await writeFile(file, '1');
        await sleep(20);
        await writeFile(file, before);
        await sleep(200);
      }
    };
    const report = await withTraffic(near, ['timeout', '60', ...flood.split(' ')], async () => {
      const pulsing = pulses();
      try {
        return await on('interfaces');
      } finally {
        isOn = false;
        await pulsing;
        await writeFile(file, before);
      }
    });
    expectFirst(report, {
      id: 'NT-IF-004',
      severity: 'warning',
      says: /^The node dropped what it received, before anything looked at it: a CPU's backlog queue was full for \d+ packets/,
    });
  });
});

describe('silence', () => {
  test.each([
    ['arp', []],
    ['routing', []],
    ['interfaces', []],
    ['conntrack', ['--for', '1s']],
    ['service', ['--to', 'svc/web']],
    ['firewall', ['--to', 'pod/far:8080', '--to', 'pod/near:8080']],
  ] as const)('of %s on a healthy node', async (check, args) => {
    expectSilence(await on(check, ...args));
  });

  test('of a diagnosis, but for how long answers take on a busy machine', async () => {
    const found = problems(await on('diagnose', '--to', 'svc/web'));
    expect(
      found.filter(({ id }) => !id.startsWith('NT-LAT-')).map(({ id, summary }) => `${id} ${summary}`),
    ).toEqual([]);
  });

  test('of arp on a node whose overlay is whole', async () => {
    const report = await withFault(node1, [...LINK, NEIGHBOUR, FDB], () => on('arp'));
    expectSilence(report);
    expect(report.checks[0]?.measurements['tunnels']).toHaveLength(1);
  });
});

describe('the MAC address of an overlay, which flannel announces in the API', () => {
  const announce = (node: string, mac: string): Promise<string> =>
    kubectl([
      ...['annotate', 'node', node, '--overwrite'],
      `flannel.alpha.coreos.com/backend-data=${JSON.stringify({ VNI: 4242, VtepMAC: mac })}`,
    ]);
  const forget = (node: string): Promise<string> =>
    kubectl(['annotate', 'node', node, 'flannel.alpha.coreos.com/backend-data-']);
  const steps = [...LINK, NEIGHBOUR, FDB];

  test('another node announces another one than the entry has', async () => {
    await withFault(nodeNetns('node1'), steps, async () => {
      try {
        await announce('node2', '02:00:00:00:00:77');
        expectFirst(await on('arp'), {
          id: 'NT-ARP-006',
          severity: 'critical',
          says: /^ntvxlan sends packets for 198\.18\.2\.240 \(pods of node node2\) to the MAC address 02:00:00:00:00:02, but node node2 announces 02:00:00:00:00:77/,
        });
        await announce('node2', mac);
        expectSilence(await on('arp'));
      } finally {
        await forget('node2');
      }
    });
  });

  test('the node announces another one than its interface has', async () => {
    await withFault(nodeNetns('node1'), steps, async () => {
      try {
        await announce('node1', '02:00:00:00:00:78');
        expectFirst(await on('arp'), {
          id: 'NT-ARP-006',
          severity: 'critical',
          says: /^ntvxlan has the MAC address [0-9a-f:]+, but the node announces 02:00:00:00:00:78/,
        });
      } finally {
        await forget('node1');
      }
    });
  });
});
