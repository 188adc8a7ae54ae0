/** Session affinity by the client's address: to an endpoint that fails, and of all clients of a proxy. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { app, helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-affinity');
const TIMEOUT = 600;

const sticky: Manifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'sticky' },
  spec: {
    selector: { app: 'sticky' },
    ports: [{ port: 80, targetPort: 8080 }],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: TIMEOUT } },
  },
};

const names = ['sticky-a', 'sticky-b'] as const;
const look = (check = 'service'): Promise<Report> =>
  checkReport(check, ['client', '-n', ns.name, '--to', 'svc/sticky:80']);

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' }, containers: [app, helper] }),
    ...names.map((name, i) =>
      pod(name, { labels: { app: 'sticky' }, spec: { nodeName: i === 0 ? 'node1' : 'node2' } }),
    ),
  );
  await ns.apply(sticky);
  // The rules of a Service with affinity are of another form than those that are counted elsewhere.
  await until('the Service answers', 120, async () => {
    const said = await ns.help(
      'client',
      'bash',
      '-c',
      'curl -s -o /dev/null -m 5 http://sticky/ && echo yes || echo no',
    );
    return said.trim() === 'yes' || said;
  });
});

/** The endpoint at which this client is kept: the one that has the connection. */
async function keptAt(): Promise<(typeof names)[number]> {
  const cluster = await ns.kubectl(['get', 'service', 'sticky', '-o', 'jsonpath={.spec.clusterIP}']);
  await ns.help('client', 'curl', '-s', '-o', '/dev/null', '-m', '10', `http://${cluster}/`);
  for (const name of names) {
    const netns = await podNetns(ns.name, name);
    const before = await opens(name);
    await ns.help('client', 'curl', '-s', '-o', '/dev/null', '-m', '10', `http://${cluster}/`);
    if ((await opens(name)) > before) return name;
    expect(netns.name).toBe(name);
  }
  throw new Error('no endpoint got the connection');
}

/** Connections that a pod has taken so far. */
async function opens(name: string): Promise<number> {
  const netns = await podNetns(ns.name, name);
  const pid = netns.pid;
  const [heads = '', values = ''] = (await netns.run('grep', '^Tcp:', `/proc/${pid}/net/snmp`)).split('\n');
  return Number(values.split(' ')[heads.split(' ').indexOf('PassiveOpens')]);
}

describe('session affinity', () => {
  test('to an endpoint that takes no packets any more: who is kept there fails each time', async () => {
    const kept = await keptAt();
    const netns = await podNetns(ns.name, kept);
    const hole = [
      { make: 'nft add table ip ntfault', undo: 'nft delete table ip ntfault' },
      { make: 'nft add chain ip ntfault c { type filter hook input priority -10 ; }', undo: '' },
      { make: 'nft add rule ip ntfault c tcp dport 8080 drop', undo: '' },
    ];
    const report = await withFault(netns, hole, () => look());
    const first = expectFirst(report, {
      id: 'NT-SVC-007',
      severity: 'critical',
      says: /1 of 2 endpoints of svc\/sticky:80 fails: pod sticky-[ab] .*; its session affinity \(ClientIP, 600 s\) keeps the connections of one address at one endpoint: who is kept at such a one fails each time/,
    });
    expect(first.summary).toContain(`pod ${kept}`);
  });

  test('of a healthy Service is no fault', async () => {
    const report = await look();
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test('of a proxy, whose clients all have its address: all connections are at one endpoint', async () => {
    const cluster = await ns.kubectl(['get', 'service', 'sticky', '-o', 'jsonpath={.spec.clusterIP}']);
    // Three connections that last, and carry something all the time.
    const feed = `while :; do printf "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: ${'x'.repeat(200)}\\r\\n"; sleep 1; done`;
    for (const nth of [1, 2, 3])
      await ns.help(
        'client',
        'bash',
        '-c',
        `nohup bash -c '(${feed.replaceAll("'", '')}) | socat - TCP:${cluster}:80 & echo $! > /tmp/lasting${nth}' </dev/null >/dev/null 2>&1 &`,
      );
    await until('three connections have carried enough', 60, async () => {
      const shown = await ns.help('client', 'ss', '-tinH', 'dst', `${cluster}:80`);
      const carried = [...shown.matchAll(/bytes_acked:(\d+)/g)].filter(([, bytes]) => Number(bytes) > 1500);
      return carried.length >= 3 || shown;
    });
    const report = await look();
    expectSilence(report);
    expectInfo(
      report,
      'NT-SVC-018',
      /^3 connections carry all that the target sends to svc\/sticky:80, which has 2 endpoints: at least 1 of them gets nothing from it \(its session affinity \(ClientIP, 600 s\) keeps all connections of one address at one endpoint; behind a proxy that sends from its own, that is all clients\)/,
    );
  });
});
