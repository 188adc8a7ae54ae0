/** Many runs against pods that have little left: no application is ever killed, restarted or brought to its limit. */
import { beforeAll, expect, it } from 'vitest';
import { nettools } from '../e2e/support/cli.ts';
import { app, pod, testNamespace } from '../e2e/support/cluster.ts';
import { expectUnharmed, heavyPod, holds, limitProcesses, podMemory } from '../e2e/support/pod-memory.ts';
import { proxied } from '../e2e/support/services.ts';

const ns = testNamespace('no-harm', { 'pod-security.kubernetes.io/enforce': 'privileged' });
const ENDPOINTS = 20;
const RUNS = 20;
/** Name, limit and use in MiB: two that are entered, and two that are measured from their node. */
const HEAVY = [
  ['entered', 128, 90],
  ['roomy', 256, 100],
  ['small', 64, 40],
  ['tight', 96, 80],
] as const;
/** One that is measured from its node, since a run would take its CPU for seconds, and one that may start few processes. */
const SLOW = 'slow';
const FEW = 'few-processes';
const FEW_PROCESSES = 32;
const PODS = [...HEAVY.map(([name]) => name), SLOW, FEW];

beforeAll(async () => {
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'many' },
    spec: { selector: { app: 'many' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await ns.start(
    ...Array.from({ length: ENDPOINTS }, (_, i) => pod(`backend-${i}`, { labels: { app: 'many' } })),
    ...HEAVY.map(([name, limit, used]) => heavyPod(name, limit, used)),
    pod(SLOW, { containers: [{ ...app, resources: { limits: { cpu: '20m' } } }] }),
    pod(FEW),
  );
  for (const [name, , used] of HEAVY) await holds(ns, name, used);
  await limitProcesses(ns, FEW, FEW_PROCESSES);
  await proxied(ns, 'many', ENDPOINTS);
});

it.each(PODS)(`pod %s: ${RUNS} diagnoses of ${ENDPOINTS} endpoints`, async (name) => {
  const verdicts: string[] = [];
  for (let i = 0; i < RUNS; i++) {
    const { stdout } = await nettools(['diagnose', name, '-n', ns.name, '--to', 'svc/many', '-o', 'json']);
    const { verdict, cost } = JSON.parse(stdout);
    verdicts.push(verdict);
    // Measured from its node, a run has nothing in the pod.
    expect(cost.memoryPeakBytes ?? 0).toBeLessThanOrEqual(24 * 1024 ** 2);
    await expectUnharmed(ns, name);
  }
  console.log(`${name}: peak ${Math.round((await podMemory(ns, name)).peak / 1024 ** 2)} MiB`);
  expect(new Set(verdicts)).toEqual(new Set(['pass']));
});
