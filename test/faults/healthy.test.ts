/**
 * Twenty diagnoses of healthy pods of all kinds, by every profile and image: nothing above info is said, and what was
 * not measured is told and never passed over.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { apiGet } from '../cluster/api.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { hostPod, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems, validReport } from '../e2e/support/report.ts';
import { podNetns } from './pod-netns.ts';

const ns = testNamespace('f-healthy');
const SHOP = { name: 'shop', selector: { app: 'shop' } };

const service: Manifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: SHOP.name },
  spec: { selector: SHOP.selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

/** Names of pods: by node, and in any order. */
let web: ReadonlyMap<string, string>;
let coredns: readonly string[];

async function podsOf(namespace: string, selector: string): Promise<[name: string, node: string][]> {
  const query = `labelSelector=${encodeURIComponent(selector)}`;
  const list = JSON.parse(await apiGet(`/api/v1/namespaces/${namespace}/pods?${query}`)) as {
    items: { metadata: { name: string; deletionTimestamp?: string }; spec: { nodeName: string } }[];
  };
  return list.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec }) => [metadata.name, spec.nodeName]);
}

beforeAll(async () => {
  const on = (node: string, name: string) => pod(name, { labels: SHOP.selector, spec: { nodeName: node } });
  await ns.apply(service);
  await ns.start(
    on('node1', 'near'),
    on('node1', 'beside'),
    on('node2', 'far'),
    on('node2', 'v4'),
    hostPod('host-node1', 'node1'),
    hostPod('host-node2', 'node2'),
  );
  const v4 = await podNetns(ns.name, 'v4');
  await v4.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
  web = new Map((await podsOf('default', 'app=web')).map(([name, node]) => [node, name]));
  coredns = (await podsOf('kube-system', 'k8s-app=kube-dns')).map(([name]) => name);
  await until('endpoints of the Service', 20, async () => {
    const path = ['-l', `kubernetes.io/service-name=${SHOP.name}`, '-o', 'json'];
    const slices = await ns.kubectl(['get', 'endpointslices', ...path]);
    return slices.split('"ready": true').length === 5 || slices;
  });
});

interface Run {
  readonly title: string;
  readonly args: () => readonly string[];
  /** A way of measuring or a tool is missing there: some checks cannot pass. */
  readonly isWeak?: boolean;
}

const own = (...args: string[]) => [...args, '-n', ns.name];
const ofWeb = (node: string, ...args: string[]) => [web.get(node) ?? '', '-n', 'default', ...args];
const ofDns = (n: number, ...args: string[]) => [coredns[n] ?? '', '-n', 'kube-system', ...args];

/** Neighbours in the list are of different pods: two run at a time. */
const RUNS: readonly Run[] = [
  { title: 'web on node1', args: () => ofWeb('node1') },
  { title: 'web on node2', args: () => ofWeb('node2') },
  { title: 'web on node1 to its own Service', args: () => ofWeb('node1', '--to', 'svc/web') },
  {
    title: 'web on node2 to its peer, by its Service and by the API server',
    args: () => ofWeb('node2', '--to', `pod/${web.get('node1')}`, '--to', 'svc/web,svc/kubernetes'),
  },
  { title: 'the first CoreDNS pod', args: () => ofDns(0) },
  { title: 'the second CoreDNS pod to its own Service', args: () => ofDns(1, '--to', 'svc/kube-dns:53/udp') },
  { title: 'a pod in the network of node1', args: () => own('host-node1', '--to', 'pod/far') },
  { title: 'a pod in the network of node2', args: () => own('host-node2', '--to', 'svc/shop') },
  { title: 'a restricted namespace', args: () => ['locked', '-n', 'locked'], isWeak: true },
  { title: 'a baseline namespace', args: () => ['baseline', '-n', 'baseline'], isWeak: true },
  {
    title: 'a restricted namespace to a Service of another',
    args: () => ['locked', '-n', 'locked', '--to', `svc/shop.${ns.name}`],
    isWeak: true,
  },
  {
    title: 'a baseline namespace to a Service of another',
    args: () => ['baseline', '-n', 'baseline', '--to', 'svc/web.default:http'],
    isWeak: true,
  },
  { title: 'IPv4 only', args: () => own('v4', '--to', 'pod/near') },
  { title: 'to its own Service', args: () => own('near', '--to', 'svc/shop') },
  {
    title: 'IPv4 only, to its own Service and to the cluster DNS',
    args: () => own('v4', '--to', 'svc/shop', '--to', 'svc/kube-dns.kube-system:53/udp'),
  },
  {
    title: 'to a pod of its node, a pod of the other and a name',
    args: () => own('near', '--to', `pod/beside,pod/far,shop.${ns.name}:80`),
  },
  {
    title: 'an image of busybox alone',
    args: () => own('beside', '--image', 'localhost/app:1'),
    isWeak: true,
  },
  {
    title: 'an image of busybox alone, to a Service and a pod',
    args: () => own('far', '--image', 'localhost/app:1', '--to', 'svc/shop,pod/near'),
    isWeak: true,
  },
  {
    title: 'without any right, where more would be allowed',
    args: () => own('beside', '--profile', 'restricted', '--to', 'svc/shop'),
    isWeak: true,
  },
  { title: 'to a URL of its peer and to the API server', args: () => own('far', '--to', urls()) },
];

const urls = (): string => `http://shop.${ns.name}.svc/,https://kubernetes.default.svc/`;

async function diagnosis(args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await nettools(['diagnose', ...args, '-o', 'json'], { limit: 100 });
  expect(stdout, stderr).toMatch(/^\{/);
  const report = validReport(JSON.parse(stdout));
  expect(problems(report).map((f) => `${f.id} ${f.summary}`)).toEqual([]);
  // What could not be measured at all is no success.
  expect({ verdict: report.verdict, code }).toEqual(
    report.verdict === 'unknown' ? { verdict: 'unknown', code: 3 } : { verdict: 'pass', code: 0 },
  );
  return report;
}

/** Nothing is left out in silence: a check that measured nothing says why, and so does each part of one. */
function expectTold({ checks }: Report, isWeak: boolean): void {
  const unmeasured = checks.filter(({ status }) => status === 'skip' || status === 'error');
  const reasons = checks.flatMap(({ findings }) => findings.filter(({ id }) => id === 'NT-SYS-001'));
  for (const { id, summary } of unmeasured) expect(summary, id).toMatch(/\S{2,} .*\.$/);
  for (const { summary } of reasons) expect(summary).toMatch(/^\S.*: \S.*\.$/);
  if (isWeak) expect(reasons.length).toBeGreaterThan(0);
}

const PAIRS = RUNS.flatMap((first, i) => {
  const second = RUNS[i + 1];
  return i % 2 === 0 && second ? [{ title: `${first.title}; ${second.title}`, pair: [first, second] }] : [];
});

describe('diagnose says nothing above info of', () => {
  test.each(PAIRS)('$title', async ({ pair }) => {
    await Promise.all(
      pair.map(async ({ title, args, isWeak = false }) => {
        const report = await diagnosis(args());
        console.log(
          `${title} | ${report.verdict} | ${report.checks.map((c) => `${c.id} ${c.status}`).join(', ')} | ${report.durationMs} ms`,
        );
        expectTold(report, isWeak);
        if (!isWeak) expect(report.verdict, title).toBe('pass');
      }),
    );
  });
});
