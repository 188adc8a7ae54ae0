/**
 * Every row of the table that tells causes apart: each fault is made in real namespaces (pods' own and the nodes'), and
 * the built binary has to tell it from all others.
 */
import { spawn } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, type Expected, expectFirst, expectSilence } from './named.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-discriminator');
const firewall = (to: string): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, '--to', to]);

let client: PodNetns;
let server: PodNetns;

/** Nobody has these: on the client's own link, and on the server's. */
const ABSENT_HERE = '198.18.1.250';
const ABSENT_THERE = '198.18.2.250';
/** A documentation range, which the client's node is told to have no route to. */
const UNROUTED = '203.0.113.9';

const children = new Set<ReturnType<typeof spawn>>();

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
    // Tools of the image beside a name server of nobody: what answers UDP here is only the kernel.
    pod('toolbox', { containers: [helper], spec: { nodeName: 'node2' } }),
  );
  client = await podNetns(ns.name, 'client');
  server = await podNetns(ns.name, 'server');
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** Rules in a table of their own. */
function rules(hook: 'output' | 'input' | 'forward', ...lines: string[]): { make: string; undo: string }[] {
  return [
    { make: 'nft add table ip ntfault', undo: 'nft delete table ip ntfault' },
    { make: `nft add chain ip ntfault c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    ...lines.map((line) => ({ make: `nft add rule ip ntfault c ${line}`, undo: '' })),
  ];
}

interface Row {
  readonly cause: string;
  readonly to: () => string;
  readonly expected: Expected;
  /** What `measurements` calls it. */
  readonly kind: string;
  readonly where?: () => Netns;
  readonly steps?: () => readonly { make: string; undo: string }[];
}

const inClient = (): Netns => client;
const onClientNode = (): Netns => client.node;
const inServer = (): Netns => server;
const toServer = (): string => `${server.address}:8080`;
const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });

const ROWS: readonly Row[] = [
  {
    cause: 'remote DROP',
    to: toServer,
    kind: 'dropped',
    expected: critical('NT-FW-001', /was silent: no answer within 3\.\d s, and nobody sent an error;/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 drop'),
  },
  {
    cause: 'DROP on the node between',
    to: toServer,
    kind: 'dropped',
    expected: critical('NT-FW-001', /was silent/),
    where: onClientNode,
    steps: () => rules('forward', `ip saddr ${client.address} tcp dport 8080 drop`),
  },
  {
    cause: 'local OUTPUT DROP, TCP',
    to: toServer,
    kind: 'dropped-here',
    expected: critical(
      'NT-FW-002',
      /dropped in its own network namespace: none of \d retransmissions could be sent; this rule fits and counts nothing: .*tcp dport 8080 drop/,
    ),
    where: inClient,
    steps: () => rules('output', 'tcp dport 8080 drop'),
  },
  {
    cause: 'local OUTPUT DROP, UDP',
    to: () => `${server.address}:9999/udp`,
    kind: 'dropped-here',
    expected: critical('NT-FW-002', /sending fails with "Operation not permitted"/),
    where: inClient,
    steps: () => rules('output', 'udp dport 9999 drop'),
  },
  {
    cause: 'local OUTPUT DROP whose rule counts',
    to: toServer,
    kind: 'dropped-here',
    expected: critical(
      'NT-FW-005',
      /A rule of nftables stops what the target sends .* it counted [3-9] packets/,
    ),
    where: inClient,
    steps: () => rules('output', 'tcp dport 8080 counter drop'),
  },
  {
    cause: 'no listener',
    to: () => `${server.address}:8081`,
    kind: 'refused',
    expected: critical('NT-SOCK-001', /refuses the connection itself: nothing listens/),
  },
  {
    cause: 'no listener, UDP',
    to: () => `${server.address}:9999/udp`,
    kind: 'refused',
    expected: critical('NT-SOCK-001', /refuses the connection itself/),
  },
  {
    cause: 'REJECT with tcp-reset at the destination',
    to: toServer,
    kind: 'refused',
    expected: critical('NT-SOCK-001', /or a firewall on that host answers with a reset/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject with tcp reset'),
  },
  {
    cause: 'REJECT (default) on the node',
    to: toServer,
    kind: 'rejected',
    expected: {
      id: 'NT-FW-004',
      severity: 'warning',
      says: /ICMP port unreachable from the default gateway 198\.18\.1\.1/,
    },
    where: onClientNode,
    steps: () => rules('forward', `ip saddr ${client.address} tcp dport 8080 reject`),
  },
  {
    cause: 'REJECT (default) at the destination',
    to: toServer,
    kind: 'rejected',
    expected: { id: 'NT-FW-004', severity: 'warning', says: /from the destination itself/ },
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject'),
  },
  {
    cause: 'admin-prohibited',
    to: toServer,
    kind: 'prohibited',
    expected: critical(
      'NT-FW-003',
      /prohibited by the default gateway 198\.18\.1\.1: connecting fails with "No route to host"/,
    ),
    where: onClientNode,
    steps: () =>
      rules('forward', `ip saddr ${client.address} tcp dport 8080 reject with icmp type admin-prohibited`),
  },
  {
    cause: 'host-prohibited',
    to: toServer,
    kind: 'prohibited',
    expected: critical('NT-FW-003', /prohibited by the destination itself/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject with icmp type host-prohibited'),
  },
  {
    cause: 'a router lacks the route',
    to: () => `${UNROUTED}:80`,
    kind: 'no-route-there',
    expected: critical(
      'NT-RT-007',
      /the default gateway 198\.18\.1\.1 has no route to it \("Network is unreachable"\)/,
    ),
    where: onClientNode,
    steps: () => [{ make: `ip route add throw ${UNROUTED}`, undo: `ip route del throw ${UNROUTED}` }],
  },
  {
    cause: 'ARP failure on our own link',
    to: () => `${ABSENT_HERE}:80`,
    kind: 'no-neighbour',
    expected: critical('NT-ARP-002', /does not answer ARP on eth0: its entry is FAILED/),
  },
  {
    cause: 'ARP failure of the gateway',
    to: toServer,
    kind: 'no-neighbour',
    expected: critical('NT-ARP-001', /The gateway 198\.18\.1\.251 does not answer ARP on eth0/),
    where: inClient,
    steps: () => [
      {
        make: 'ip route replace default via 198.18.1.251',
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
  },
  {
    cause: 'ARP failure at the last hop',
    to: () => `${ABSENT_THERE}:80`,
    kind: 'no-host-there',
    expected: critical(
      'NT-ARP-002',
      /Nobody has 198\.18\.2\.250 on its own network: 198\.51\.100\.12 looked for/,
    ),
  },
  ...(['blackhole', 'unreachable', 'prohibit'] as const).map(
    (type): Row => ({
      cause: `${type} route`,
      to: toServer,
      kind: 'forbidding-route',
      expected: critical('NT-RT-002', new RegExp(`refused by the target's own ${type} route or rule`)),
      where: inClient,
      steps: () => [
        { make: `ip route add ${type} ${server.address}`, undo: `ip route del ${type} ${server.address}` },
      ],
    }),
  ),
  {
    cause: 'no route here',
    to: toServer,
    kind: 'no-route',
    expected: critical('NT-RT-001', /has no route to .* "Network is unreachable"/),
    where: inClient,
    steps: () => [{ make: 'ip route del default', undo: `ip route add default via ${client.gateway}` }],
  },
  {
    cause: 'MTU black hole',
    to: toServer,
    kind: 'stalled',
    expected: critical(
      'NT-MTU-001',
      /opens and then stalls: \d+ bytes wait after \d retransmissions, with an rtt of only/,
    ),
    where: onClientNode,
    steps: () => rules('forward', `ip saddr ${client.address} tcp dport 8080 meta length > 600 drop`),
  },
];

function kindOf(report: Report): unknown {
  const destinations = report.checks[0]?.measurements['destinations'];
  const [first] = (destinations ?? []) as readonly { readonly cause: string }[];
  return first?.cause;
}

describe('causes are told apart', () => {
  test.each(ROWS)('$cause', async ({ to, kind, expected, where = inClient, steps = () => [] }) => {
    const report = await withFault(where(), steps(), () => firewall(to()));
    expectFirst(report, expected);
    expect(kindOf(report)).toBe(kind);
  });

  test('no fault: silent', async () => {
    const report = await firewall(toServer());
    expectSilence(report);
    expect(kindOf(report)).toBe('open');
    expect(report.verdict).toBe('pass');
  });

  test('no listener and REJECT with tcp-reset: the sockets of the destination separate the two', async () => {
    const listening = await checkReport('sockets', ['server', '-n', ns.name]);
    expectSilence(listening);
    expect(listening.checks[0]?.measurements['listeners']).toMatchObject([
      { port: 8080, loopbackOnly: false },
    ]);
  });

  test('no ephemeral port left', async () => {
    const range = (await client.run('sysctl', '-n', 'net.ipv4.ip_local_port_range')).trim();
    await client.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=45000 45001');
    try {
      // A server that keeps what connects; the sample application hangs up.
      children.add(
        spawn('nsenter', [
          `--net=/proc/${server.pid}/ns/net`,
          'socat',
          'TCP-LISTEN:7000,fork,reuseaddr',
          'EXEC:sleep 60',
        ]),
      );
      await until(
        'the server listens',
        10,
        async () => (await server.run('ss', '-ltnH')).includes(':7000 ') || 'not yet',
      );
      for (let i = 0; i < 2; i++)
        children.add(
          spawn('nsenter', [
            `--net=/proc/${client.pid}/ns/net`,
            'socat',
            `TCP:${server.address}:7000`,
            'EXEC:sleep 60',
          ]),
        );
      await until('both ports are taken', 10, async () => {
        const taken = (await client.run('ss', '-tnH', 'state', 'established', 'dport', '=', ':7000')).trim();
        return taken.split('\n').length === 2 || taken;
      });
      const report = await firewall(`${server.address}:7000`);
      expectFirst(
        report,
        critical('NT-SOCK-004', /No local port is left .* "Cannot assign requested address"/),
      );
      expect(kindOf(report)).toBe('no-local-port');
    } finally {
      await client.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=${range}`);
    }
  });

  test('neighbour table full', async () => {
    // The session has to be there: with a full table nothing new can be reached at all.
    await firewall(toServer());
    const limit = 'net.ipv4.neigh.default.gc_thresh3';
    const before = (await run(['sysctl', '-n', limit])).trim();
    const netns = 'ntfaults-discr';
    try {
      // Entries in the making may not be thrown out: a namespace of its own makes more than there may be.
      await run(['ip', 'netns', 'add', netns]);
      await run(['ip', '-n', netns, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1']);
      await run(['ip', '-n', netns, 'addr', 'add', '203.0.113.1/24', 'dev', 'v0']);
      await run(['ip', '-n', netns, 'link', 'set', 'v0', 'up']);
      await run(['ip', '-n', netns, 'link', 'set', 'v1', 'up']);
      await run(['sysctl', '-qw', `${limit}=160`]);
      const flood = attempt(['ip', 'netns', 'exec', netns, 'bash', '-c', FLOOD]);
      await until('a full table', 5, async () => (await entries()) >= 160 || `${await entries()}`);
      const report = await firewall(`${ABSENT_HERE.replace('250', '249')}:80`);
      expectFirst(report, critical('NT-ARP-003', /neighbour table is full .*no answer within/));
      expect(kindOf(report)).toBe('neighbour-table-full');
      await flood;
    } finally {
      await run(['sysctl', '-qw', `${limit}=${before}`]);
      await attempt(['ip', 'netns', 'del', netns]);
    }
  });
});

/** 250 neighbours that nobody is, looked for again and again for some seconds. */
const FLOOD =
  'for round in {1..10}; do for n in {2..251}; do echo > /dev/udp/203.0.113.$n/9; done 2>/dev/null; sleep 0.7; done';

async function entries(): Promise<number> {
  const text = await run(['ip', '-j', '-s', 'ntable', 'show', 'name', 'arp_cache']);
  const all = JSON.parse(text) as { readonly entries?: number }[];
  return all[0]?.entries ?? 0;
}
