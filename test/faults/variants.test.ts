/**
 * Images that are not this project's (test/images/netshoot-like): the same faults are named with other versions and
 * builds of the tools, and what such an image cannot find out is told. Never a false failure, never a silent pass.
 */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CheckStatus, Report } from '../../src/model/report.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems, validReport } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { rules } from './causes.ts';
import { checkReport, type Expected, expectFirst, expectInfo, expectSilence } from './named.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-variants');

/** Bookworm's packages as netshoot has them; and busybox's tools with bash, bind's and tcpdump, as on an Alpine. */
const IMAGES = ['netshoot-like', 'alpine-like'] as const;
type Image = (typeof IMAGES)[number];

const imageFlags = (image: Image): string[] => ['--image', `localhost/${image}:1`];
const onLoopback: Manifest = { ...app, command: ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/tmp'] };

let client: PodNetns;
let near: PodNetns;
let far: PodNetns;

beforeAll(async () => {
  const shop = { labels: { app: 'shop' } };
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: { selector: shop.labels, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('far', { ...shop, spec: { nodeName: 'node2' } }),
    pod('near', { ...shop, spec: { nodeName: 'node1' } }),
    pod('shy', { containers: [onLoopback] }),
  );
  await proxied(ns, 'shop', 2);
  client = await podNetns(ns.name, 'client');
  near = await podNetns(ns.name, 'near');
  far = await podNetns(ns.name, 'far');
});

// Who has heard another host say that it is the client has to learn anew.
afterEach(async () => {
  await client.attempt('arping', '-c', '1', '-A', '-I', 'eth0', client.address);
  await client.node.attempt('ip', 'neigh', 'del', client.address, 'dev', 'cni0');
});

interface Case {
  readonly title: string;
  readonly check: string;
  readonly target?: string;
  readonly args?: () => readonly string[];
  readonly where?: () => Netns;
  readonly steps?: () => readonly { readonly make: string; readonly undo: string }[];
  readonly expected: Expected;
  /** What an image without iproute2 and iputils says in place of it; absent: the same. */
  readonly withoutThem?: { readonly status: CheckStatus; readonly says: RegExp };
}

const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });
const inClient = (): Netns => client;

const CASES: readonly Case[] = [
  {
    title: 'the gateway is gone',
    check: 'arp',
    where: inClient,
    steps: () => [
      {
        make: `ip route replace default via ${client.gateway.replace(/\d+$/, '254')}`,
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
    expected: critical('NT-ARP-001', /The gateway 198\.18\.1\.254 on eth0 does not answer/),
  },
  {
    title: "another host has the target's address",
    check: 'arp',
    where: () => near,
    steps: () => [
      {
        make: `ip addr add ${client.address}/32 dev eth0`,
        undo: `ip addr del ${client.address}/32 dev eth0`,
      },
    ],
    expected: critical('NT-ARP-004', /is used by another host too/),
  },
  {
    title: 'a blackhole route',
    check: 'routing',
    args: () => ['--to', 'pod/far'],
    where: inClient,
    steps: () => [
      { make: `ip route add blackhole ${far.address}`, undo: `ip route del blackhole ${far.address}` },
    ],
    expected: critical('NT-RT-002', /far .*(the blackhole route|"?Invalid argument)/),
  },
  {
    title: 'UDP 53 is dropped on the way',
    check: 'dns',
    where: () => client.node,
    steps: () => rules('forward', `ip saddr ${client.address} udp dport 53 drop`),
    expected: critical('NT-DNS-001', /answered none of \d UDP queries/),
  },
  {
    title: 'a counting rule drops on the way out',
    check: 'firewall',
    args: () => ['--to', 'pod/far'],
    where: inClient,
    steps: () => rules('output', 'tcp dport 8080 counter drop'),
    expected: critical('NT-FW-005', /A rule of nftables stops what the target sends/),
  },
  {
    title: 'the node rejects',
    check: 'firewall',
    args: () => ['--to', 'pod/far'],
    where: () => client.node,
    steps: () => rules('forward', `ip saddr ${client.address} tcp dport 8080 reject`),
    expected: {
      id: 'NT-FW-004',
      severity: 'critical',
      says: /ICMP port unreachable from the default gateway 198\.18\.1\.1/,
    },
  },
  {
    title: 'one endpoint of two is silent',
    check: 'service',
    args: () => ['--to', 'svc/shop'],
    where: () => far,
    steps: () => rules('input', 'tcp dport 8080 drop'),
    expected: critical('NT-SVC-007', /1 of 2 endpoints of svc\/shop fails: pod far/),
  },
  {
    title: 'a fifth of the packets is lost',
    check: 'latency',
    args: () => ['--to', 'pod/far', '--count', '100', '--interval', '20ms'],
    where: () => far,
    steps: () => rules('input', 'meta l4proto icmp numgen random mod 100 < 20 drop'),
    expected: critical('NT-LAT-002', /^\d+ of 100 echo requests to pod\/far/),
    withoutThem: { status: 'pass', says: /sent only \d of 100 echo requests, and 50 are needed/ },
  },
  {
    title: 'large packets vanish',
    check: 'mtu',
    args: () => ['--to', 'pod/far'],
    where: () => far,
    steps: () => rules('input', 'meta length > 1300 drop'),
    expected: {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /the way to pod\/far carries 1300 \(nobody says so\)/,
    },
    withoutThem: { status: 'error', says: /the image has no ping that can forbid fragmentation/ },
  },
  {
    title: 'a server listens on loopback',
    check: 'sockets',
    target: 'shy',
    expected: { id: 'NT-SOCK-002', severity: 'warning', says: /TCP 8080 is bound to 127\.0\.0\.1 only/ },
    withoutThem: { status: 'skip', says: /the image has no ss/ },
  },
  {
    title: 'the link is down',
    check: 'interfaces',
    where: () => client.node,
    steps: () => [{ make: `ip link set ${client.veth} down`, undo: `ip link set ${client.veth} up` }],
    expected: critical('NT-IF-001', /eth0, which carries 198[.\d]+, has no carrier/),
    withoutThem: { status: 'skip', says: /the image's ip prints no JSON/ },
  },
  {
    title: 'the certificate is for another name',
    check: 'tls',
    args: () => ['--to', 'https://kubernetes.default.svc/', '--sni', 'pay.example.com'],
    expected: critical('NT-TLS-001', /and not for pay\.example\.com/),
  },
];

describe.each(IMAGES)('%s', (image) => {
  const run = ({ check, target = 'client', args }: Case): Promise<Report> =>
    checkReport(check, [target, '-n', ns.name, ...(args?.() ?? []), ...imageFlags(image)]);

  test.each(CASES)('$title', async (one) => {
    const { where, steps, expected, withoutThem } = one;
    const report = await withFault(where?.() ?? client, steps?.() ?? [], () => run(one));
    if (image === 'netshoot-like' || withoutThem === undefined) {
      expectFirst(report, expected);
      return;
    }
    expectSilence(report);
    expect(report.checks[0]?.status).toBe(withoutThem.status);
    expectInfo(report, 'NT-SYS-001', withoutThem.says);
    if (withoutThem.status !== 'pass') expect(report.verdict).toBe('unknown');
  });

  test('no fault: silent, and what was not measured is told', async () => {
    const args = ['client', '-n', ns.name, '--to', 'svc/shop,pod/far', ...imageFlags(image), '-o', 'json'];
    const { stdout, stderr, code } = await nettools(['diagnose', ...args]);
    expect(stdout, stderr).toMatch(/^\{/);
    const report = validReport(JSON.parse(stdout));
    expect(problems(report).map((f) => `${f.id} ${f.summary}`)).toEqual([]);
    expect({ verdict: report.verdict, code }).toEqual({ verdict: 'pass', code: 0 });
    const told = report.checks
      .filter(({ status }) => status === 'skip')
      .map(({ id, findings }) => [id, findings.some((f) => f.id === 'NT-SYS-001')]);
    const untold = (ids: readonly string[]) => ids.map((id) => [id, true]);
    // A pod tracks no connections of its own: that is so in every image.
    expect(told).toEqual(
      image === 'netshoot-like'
        ? untold(['conntrack'])
        : untold(['interfaces', 'mtu', 'conntrack', 'sockets']),
    );
  });
});
