/** Services of many endpoints: each is asked, and the run costs its target no more than one of few. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS, type CheckId } from '../../src/checks/registry.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import type { Check } from '../../src/model/check.ts';
import type { Report } from '../../src/model/report.ts';
import { runnerInput } from '../../src/probes/gather.ts';
import { PROBE_SCRIPTS } from '../../src/probes/scripts.ts';
import { mergePlans } from '../../src/run/merged-plan.ts';
import { helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-many');
const node1 = nodeNetns('node1');
/** The endpoints' addresses, all of one pod (RFC 5737, TEST-NET-3). */
const RANGE = '203.0.113.0/24';
const addresses = (count: number): string[] => Array.from({ length: count }, (_, i) => `203.0.113.${i + 1}`);
const MEBIBYTE = 2 ** 20;

let many: PodNetns;

function service(name: string, ports: readonly number[], count: number): Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } },
    ...ports.flatMap((port, i) =>
      [0, 100, 200].flatMap((from) => {
        const part = addresses(count).slice(from, from + 100);
        if (part.length === 0) return [];
        return [
          {
            apiVersion: 'discovery.k8s.io/v1',
            kind: 'EndpointSlice',
            metadata: { name: `${name}-${i}-${from}`, labels: { 'kubernetes.io/service-name': name } },
            addressType: 'IPv4',
            ports: [{ port, protocol: 'TCP' }],
            endpoints: part.map((address) => ({ addresses: [address], conditions: { ready: true } })),
          },
        ];
      }),
    ),
  ];
}

const PORTS = [8081, 8082, 8083, 8084, 8085];
/** Each listener takes what many servers would. */
const LISTEN = PORTS.map(
  (p) => `socat -T5 TCP-LISTEN:${p},fork,reuseaddr,backlog=2000 SYSTEM:"sleep 0.2" & `,
).join('');

const ask = (check: string, to: string): Promise<Report> =>
  checkReport(check, ['client', '-n', ns.name, '--to', to]);
const summaryOf = (report: Report, id: string): string =>
  report.checks.find((check) => check.id === id)?.summary ?? '';

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('many', {
      spec: { nodeName: 'node1' },
      containers: [{ ...helper, name: 'app', command: ['bash', '-c', `${LISTEN}wait`] }],
    }),
  );
  many = await podNetns(ns.name, 'many');
  for (const address of addresses(200)) await many.run('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  await node1.run('ip', 'route', 'replace', RANGE, 'via', many.address);
  await ns.apply(
    ...service('twenty', [8081], 20),
    ...service('hundred', [8081], 100),
    ...service('thousand', PORTS, 200),
  );
});

afterAll(async () => {
  await node1.attempt('ip', 'route', 'del', RANGE);
});

/** Endpoints 20 to 29 of those with this port. */
const dropped = [
  { make: 'nft add table ip ntmany', undo: 'nft delete table ip ntmany' },
  { make: 'nft add chain ip ntmany c { type filter hook input priority 0 ; }', undo: '' },
  { make: 'nft add rule ip ntmany c ip daddr 203.0.113.20-203.0.113.29 tcp dport 8081 drop', undo: '' },
];

describe('some of many endpoints', () => {
  test.each(['service', 'diagnose'])('%s names 10 of 100', async (check) => {
    const report = await withFault(many, dropped, () => ask(check, 'svc/hundred'));
    const [first] = report.checks.flatMap(({ findings }) => findings).filter(({ id }) => id === 'NT-SVC-007');
    expect(first?.summary).toMatch(/^10 of 100 endpoints of svc\/hundred fail: 203\.0\.113\.20:8081/);
    expect(report.verdict).toBe('fail');
  });

  test('service names 10 of 1000', async () => {
    const report = await withFault(many, dropped, () => ask('service', 'svc/thousand'));
    expectFirst(report, {
      id: 'NT-SVC-007',
      severity: 'critical',
      says: /^10 of 1000 endpoints of svc\/thousand fail: /,
    });
  });

  test('firewall names each of the 10', async () => {
    const report = await withFault(many, dropped, () => ask('firewall', 'svc/hundred'));
    const named = new Set(
      report.checks.flatMap(({ findings }) => findings).flatMap(({ subject }) => subject ?? []),
    );
    for (let i = 20; i < 30; i++) expect([...named].join('\n')).toContain(`203.0.113.${i}`);
  });
});

describe('all of many endpoints', () => {
  test.each(['twenty', 'hundred', 'thousand'])(
    'of %s: none fails, and the run is a small one',
    async (name) => {
      const report = await ask('diagnose', `svc/${name}`);
      expectSilence(report);
      const total = { twenty: 20, hundred: 100, thousand: 1000 }[name] ?? 0;
      expect(summaryOf(report, 'service')).toContain(`${total} of ${total} endpoints`);
      // What the others say is about a part, and they say so.
      expect(summaryOf(report, 'firewall')).toContain(`this is about 8 of ${total} endpoints`);
      expect(report.cost?.memoryPeakBytes).toBeLessThan(24 * MEBIBYTE);
      // 16 are planned for; the count may meet one that ends beside the one that follows it.
      expect(report.cost?.processesPeak).toBeLessThanOrEqual(18);
      expect(report.cost?.cpuSeconds).toBeGreaterThan(0);
    },
  );
});

// A message of an exec has 32 KiB (src/exec/frames.ts).
test('the whole plan for twenty endpoints is sent in 32 KiB, with room for more', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'nettools-many-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'run.json');
  await checkReport('diagnose', ['client', '-n', ns.name, '--to', 'svc/twenty', '--save', file]);
  const { checks } = JSON.parse(await readFile(file, 'utf8')) as Bundle;
  const plans = checks.map(({ id, input }) =>
    (CHECKS[id as CheckId] as Check<unknown>).plan(input, PROBE_SCRIPTS),
  );
  expect(Buffer.byteLength(runnerInput(mergePlans(plans).plan))).toBeLessThanOrEqual(32 * 1024 - 256);
});
