/** What `drops` says where it cannot tell everything: of a network that is shared, of a flood of flows, of a way of which it sees a part. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Json, Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { pidsOf } from '../e2e/support/processes.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-drops-limits');
const LONG = `long-${'a'.repeat(110)}-0`;
const SECONDS = '4s';
let client: PodNetns;
let server: PodNetns;
let long: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
    pod(LONG, { labels: { app: 'long' }, spec: { nodeName: 'node1' } }),
    pod('hostnet', {
      spec: { nodeName: 'node1', hostNetwork: true },
      containers: [
        { name: 'idle', image: 'localhost/app:1', imagePullPolicy: 'Never', command: ['sleep', 'infinity'] },
      ],
    }),
  );
  [client, server, long] = (await Promise.all(
    ['client', 'server', LONG].map((name) => podNetns(ns.name, name)),
  )) as [PodNetns, PodNetns, PodNetns];
});

const drops = (target: string, ...args: string[]): Promise<Report> =>
  checkReport('drops', [target, '-n', ns.name, '--for', SECONDS, ...args]);
const knock = (address: string, port: number): string[] => [
  'bash',
  '-c',
  `while sleep 0.3; do timeout 0.3 bash -c 'echo >/dev/tcp/${address}/${port}'; done`,
];
const dropped = (address: string, hook: string) => [
  { make: 'nft add table ip ntlimits', undo: 'nft delete table ip ntlimits' },
  { make: `nft add chain ip ntlimits c { type filter hook ${hook} priority -10 ; }`, undo: '' },
  { make: `nft add rule ip ntlimits c ip daddr ${address} tcp dport 8081 drop`, undo: '' },
];
const NOT_ITS_OWN =
  /^which drops are of pod \S+\/hostnet alone: it is in its node's network, whose drops are told, whoever's they are\.$/;

test("a pod in its node's network is not charged with what another pod loses there", async () => {
  const to = `${server.address}:8081`;
  await withFault(nodeNetns('node1'), dropped(server.address, 'forward'), () =>
    withTraffic(client, knock(server.address, 8081), async () => {
      const report = await drops('hostnet', '--to', to);
      expectSilence(report);
      expectInfo(report, 'NT-DROP-001', /dropped in the host's namespace .*: TCP \S+\/client → \S+:8081/);
      expectInfo(report, 'NT-SYS-001', NOT_ITS_OWN);
    }),
  );
});

test("a pod in its node's network is warned of what its node's own processes lose", async () => {
  const to = `${server.address}:8081`;
  await withFault(nodeNetns('node1'), dropped(server.address, 'output'), () =>
    withTraffic('/run/netns/ntnode1', knock(server.address, 8081), async () => {
      const report = await drops('hostnet', '--to', to);
      expectFirst(report, {
        id: 'NT-DROP-001',
        severity: 'warning',
        says: /dropped in the host's namespace/,
      });
      expectInfo(report, 'NT-SYS-001', NOT_ITS_OWN);
    }),
  );
});

test('what is lost in a network that is not watched is not called arrived', async () => {
  await withFault(server, dropped(server.address, 'input'), () =>
    withTraffic(client, knock(server.address, 8081), async () => {
      const { stdout, code } = await nettools([
        ...['drops', 'pod/client', '-n', ns.name, '--for', SECONDS, '--to', 'pod/server:8081'],
      ]);
      expect(code).toBe(0);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /dropped 0 packets in its own network and its node's that may matter, .*; what is dropped elsewhere on the way was not watched \(diagnose --deep does\)\./,
      );
    }),
  );
});

/** Datagrams to a hundred thousand places, of the pod's own loopback. */
const FLOOD = `use Socket qw(:all); use Time::HiRes qw(time sleep);
socket(my $s, AF_INET, SOCK_DGRAM, 0);
my ($begin, $sent) = (time, 0);
while ((my $since = time - $begin) < 60) {
  while ($sent < $since * 15_000) {
    my $i = $sent++ % 100_000;
    send($s, 'x', 0, pack_sockaddr_in(1 + $i % 20_000, inet_aton('127.0.0.' . (1 + int($i / 20_000)))));
  }
  sleep 0.01;
}`;

test('a hundred thousand flows fill no memory, no report and no table', async () => {
  const steps = [
    { make: 'nft add table ip ntflood', undo: 'nft delete table ip ntflood' },
    { make: 'nft add chain ip ntflood c { type filter hook input priority -10 ; }', undo: '' },
    { make: 'nft add rule ip ntflood c meta l4proto udp drop', undo: '' },
  ];
  await withFault(client, steps, () =>
    withTraffic(client, ['nice', 'perl', '-e', FLOOD], async () => {
      const running = nettools(['drops', 'client', '-n', ns.name, '--for', '9s', '-o', 'json']);
      let [peak, isOver] = [0, false];
      void running.finally(() => {
        isOver = true;
      });
      await until('the end of the watch', 120, async () => {
        const pid = pidsOf('nettools-drops', '--for', '9')[0];
        if (pid !== undefined) peak = Math.max(peak, peakOf(pid));
        return isOver || 'it goes on';
      });
      const { stdout } = await running;
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(32 * 1024);
      expect(stdout.length).toBeLessThan(200_000);
      const report = JSON.parse(stdout) as Report;
      const { measurements } = report.checks[0] ?? {};
      const rows = (measurements?.['drops'] ?? []) as { packets: number; flow: Json }[];
      expect(rows.length).toBeLessThanOrEqual(200);
      // Whoever's they are: their reason and place have been counted.
      const rest = rows.find(({ flow }) => flow === null)?.packets ?? 0;
      expect(rest).toBeGreaterThan(50_000);
      const found = expectInfo(
        report,
        'NT-SYS-001',
        /^which flows \d+ packets were of \(at least \d+ more\): there were more flows than the watch tells apart\.$/,
      );
      expect(Number(/at least (\d+)/.exec(found.summary)?.[1])).toBeGreaterThan(10_000);
      const { stdout: text } = await nettools(['drops', 'client', '-n', ns.name, '--for', SECONDS]);
      expect(text.split('\n').length).toBeLessThan(80);
      expect(text).toMatch(/^ *\d+ +NETFILTER_DROP +\S+ +pod \S+\/client +other flows +-$/m);
    }),
  );
});

/** The most memory that a process has had, in KiB; 0: it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

test('a pod with a long name has a table that can be read, and its whole name in the finding', async () => {
  await withTraffic(client, knock(long.address, 8083), async () => {
    const { stdout } = await nettools(['drops', LONG, '-n', ns.name, '--for', SECONDS]);
    const rows = stdout.split('\n').filter((line) => /^ *\d+ +NO_SOCKET /.test(line));
    expect(rows, stdout).not.toEqual([]);
    for (const row of rows) expect(row.length).toBeLessThan(190);
    expect(rows[0]).toMatch(/pod \S+…a+-0 +TCP \S+\/client → \S+…a+-0:8083 +eth0$/);
    expect(stdout).toContain(`pod ${ns.name}/${LONG} `);
  });
});
