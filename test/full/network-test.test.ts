/** A hundred expectations from ten pods: as few execs as there are sources, and one entry in each pod's spec. */
import { beforeAll, expect, test } from 'vitest';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { networkTest, told } from '../e2e/support/network-test.ts';

const ns = testNamespace('hundred');
const PODS = Array.from({ length: 10 }, (_one, i) => `web-${i}`);
beforeAll(async () => {
  await ns.start(
    ...PODS.map((name, i) =>
      pod(name, { labels: { app: 'web' }, spec: { nodeName: i % 2 === 0 ? 'node1' : 'node2' } }),
    ),
    pod('db-0', { labels: { app: 'db' }, spec: { nodeName: 'node1' } }),
    pod('db-1', { labels: { app: 'db' }, spec: { nodeName: 'node2' } }),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { selector: { app: 'db' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
});

test('a hundred expectations of ten pods', async () => {
  const from = '{selector: app=web, all: true}';
  const { report, outcome } = await networkTest(ns.name, [
    `{from: ${from}, to: svc/db:80, expect: connected, within: 10s}`,
    `{from: ${from}, to: "http://db/", expect: {status: 200, within: 20s}}`,
    `{from: ${from}, to: "http://db.${ns.name}/", expect: {status: 200}}`,
    `{from: ${from}, to: svc/kubernetes.default:443, expect: {certificateDays: 1}}`,
    `{from: ${from}, to: pod/db-0:8081, expect: refused}`,
    `{from: ${from}, to: pod/db-1:8081, expect: refused}`,
    `{from: ${from}, to: svc/kube-dns.kube-system:53/udp, expect: connected}`,
    `{from: ${from}, dns: db.${ns.name}, expect: {answers: 1}}`,
    `{from: ${from}, dns: kubernetes.default, expect: {answers: 1}}`,
    `{from: ${from}, dns: nosuch.default, expect: {answers: 0}}`,
  ]);
  expect(report.results, told(report)).toHaveLength(100);
  expect(report.counts, told(report)).toEqual({ met: 100, failed: 0, notProven: 0, unknown: 0 });
  expect(outcome.code).toBe(0);
  // A minute is the goal; who looks for a regression finds the number here.
  console.log(`a hundred expectations: ${outcome.seconds.toFixed(1)} s`);
  for (const name of PODS) expect(await ns.ephemerals(name)).toHaveLength(1);
});
