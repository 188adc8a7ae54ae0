/** A thousand destinations that all fail, each with what was seen of it: the run stays small on both sides. */
import { beforeAll, expect, it } from 'vitest';
import { startNettools } from '../e2e/support/cli.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { ownMb } from '../e2e/support/memory.ts';
import { validReport } from '../e2e/support/report.ts';
import { podNetns } from '../faults/pod-netns.ts';

const ns = testNamespace('many-destinations');
/** All of one pod (RFC 5737, TEST-NET-3), in which nobody listens. */
const RANGE = '203.0.113.0/24';
const ADDRESSES = Array.from({ length: 200 }, (_, i) => `203.0.113.${i + 1}`);
const PORTS = [9081, 9082, 9083, 9084, 9085];
const LIMIT_SECONDS = 500;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('many', { spec: { nodeName: 'node1' } }),
  );
  const [client, many] = [await podNetns(ns.name, 'client'), await podNetns(ns.name, 'many')];
  for (const address of ADDRESSES) await many.run('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  // Both are on one node's bridge.
  await client.run('ip', 'route', 'replace', RANGE, 'via', many.address);
});

it('takes at most 24 MiB of the pod, and 150 MB here, 40 of them of the binary', async () => {
  const to = PORTS.flatMap((port) => ADDRESSES.map((address) => `${address}:${port}`)).join(',');
  const words = ['diagnose', 'client', '-n', ns.name, '--to', to, '-o', 'json'];
  const { child, outcome } = startNettools([...words, '--timeout', `${LIMIT_SECONDS}s`], 'ignore', {
    limit: LIMIT_SECONDS + 30,
  });
  let clientMb = 0;
  const timer = setInterval(() => {
    if (child.exitCode === null) clientMb = Math.max(clientMb, ownMb(child) || 0);
  }, 20);
  const { code, stdout, stderr } = await outcome.finally(() => clearInterval(timer));
  expect(code, stderr).toBe(1);
  const { checks, cost } = validReport(JSON.parse(stdout));
  expect(checks.find(({ id }) => id === 'firewall')?.measurements['destinations']).toHaveLength(1000);
  console.log(
    `pod ${((cost?.memoryPeakBytes ?? 0) / 2 ** 20).toFixed(1)} MiB, client ${clientMb.toFixed(0)} MB`,
  );
  expect(cost?.memoryPeakBytes).toBeLessThanOrEqual(24 * 2 ** 20);
  expect(clientMb).toBeLessThanOrEqual(110);
});
