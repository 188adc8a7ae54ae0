/** Pods that have little left: whichever way they are looked at, their application goes on. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectSentence, nettools } from './support/cli.ts';
import { app, pod, testNamespace } from './support/cluster.ts';
import { expectUnharmed, heavyPod, holds, limitProcesses, podMemory } from './support/pod-memory.ts';
import { validReport } from './support/report.ts';
import { accountWith, documentedRights } from './support/rights.ts';
import { proxied } from './support/services.ts';

const ns = testNamespace('tight', { 'pod-security.kubernetes.io/enforce': 'privileged' });
const on = (...words: string[]): string[] => ['-n', ns.name, ...words];

/** Name, limit and use in MiB. */
const heavy = [
  ['small', 64, 40],
  ['tight', 96, 80],
  ['large', 128, 90],
] as const;
const names: readonly string[] = heavy.map(([name]) => name);
const ENDPOINTS = 20;

beforeAll(async () => {
  const backends = Array.from({ length: ENDPOINTS }, (_, i) =>
    pod(`backend-${i}`, { labels: { app: 'many' } }),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'many' },
    spec: { selector: { app: 'many' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const roomy = pod('roomy', { containers: [{ ...app, resources: { limits: { memory: '1Gi' } } }] });
  const cached = heavyPod('cached', 96, 20, 60);
  await ns.start(
    roomy,
    cached,
    pod('slow', { containers: [{ ...app, resources: { limits: { cpu: '20m' } } }] }),
    pod('few-processes', {}),
    ...heavy.map(([name, limit, used]) => heavyPod(name, limit, used)),
    ...backends,
  );
  for (const [name, , used] of heavy) await holds(ns, name, used);
  await holds(ns, 'cached', 80);
  expect((await podMemory(ns, 'cached')).activeCache).toBeGreaterThan(55 * 1024 ** 2);
  await proxied(ns, 'many', ENDPOINTS);
});

afterEach(async () => {
  for (const name of names) await expectUnharmed(ns, name);
  // The pods on nodes are gone with the command.
  expect(
    await ns.kubectl(['get', 'pods', '-l', 'app.kubernetes.io/managed-by=kubectl-nettools', '-o', 'name']),
  ).toBe('');
});

describe('a pod with too little room', () => {
  it.each([
    ['small', 64],
    ['tight', 96],
  ])('is measured from its node, by all that a diagnosis starts: %s', async (name, limit) => {
    const before = await ns.pod(name);
    const { code, stdout, stderr } = await nettools([
      'diagnose',
      ...on(name, '--to', 'svc/many', '-o', 'json'),
    ]);
    expect(stderr).toMatch(
      new RegExp(`^note: measured from node\\d: the pod has \\d+ MiB left of ${limit} MiB\\.$`, 'm'),
    );
    expect([0, 1], stdout).toContain(code);
    const { target, checks } = validReport(JSON.parse(stdout));
    expect(target).toEqual({
      kind: 'pod',
      namespace: ns.name,
      name,
      node: before.spec.nodeName,
      address: before.status.podIP,
      via: 'node',
    });
    expect(checks.find(({ id }) => id === 'service')?.status).toBe('pass');
    expect((await ns.pod(name)).spec).toEqual(before.spec);
  });

  it('is told by a command that passes its output on', async () => {
    const { podIP } = (await ns.pod('tight')).status;
    const { code, stdout, stderr } = await nettools([
      'run',
      ...on('tight', '--', 'sh', '-c', 'ip -o -4 addr; exit 7'),
    ]);
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: expect.stringMatching(/^note: measured from node\d: the pod has 1\d MiB left of 96 MiB\.\n$/),
    });
    expect(stdout).toContain(` ${podIP}/`);
  });

  it('is left alone where its node may not be used, in one sentence', async () => {
    const { roles } = documentedRights('pod-user.yaml');
    const account = await accountWith(ns, 'pod-user', roles['nettools-pod-user'] ?? []);
    const before = await ns.pod('tight');
    const outcome = await nettools(['diagnose', ...on('tight', ...account)]);
    expectSentence(
      outcome,
      3,
      /pod "tight" has 1\d MiB left of 96 MiB: a session in it needs \d+ MiB free, .*; it cannot be measured from its node either: you may not create, list, patch and delete pods in namespace ".*", where .*; nothing was created\.$/,
    );
    expect(outcome.stderr).toMatch(/memory limit by \d+ MiB .*--via pod/);
    expect((await ns.pod('tight')).spec).toEqual(before.spec);
    const preflight = await nettools(['preflight', ...on('tight', ...account)]);
    expect(preflight.code).toBe(3);
    expect(preflight.stdout).toMatch(/^× memory in the pod: it has 1\d MiB left of 96 MiB; /m);
  });

  it('is left alone where its processes are asked for, which are to be had in it alone', async () => {
    const outcome = await nettools(['sockets', ...on('tight', '-c', 'app')]);
    expectSentence(outcome, 3, /pod "tight" has 1\d MiB left .*; nothing was changed\.$/);
    expect(outcome.stderr).toMatch(/without -c its node is used/);
    expect(await ns.ephemerals('tight')).toEqual([]);
  });
});

describe('a pod with some room', () => {
  it('is entered, and a diagnosis takes less than half of it', async () => {
    const { used } = await podMemory(ns, 'large');
    const { code, stdout, stderr } = await nettools([
      'diagnose',
      ...on('large', '--to', 'svc/many', '-o', 'json'),
    ]);
    expect(stderr).toMatch(
      /^note: the pod has 3\d MiB left of 128 MiB: a run takes at most 1\d MiB of it\.$/m,
    );
    expect([0, 1], stdout).toContain(code);
    const { target, cost } = validReport(JSON.parse(stdout));
    expect(target).not.toHaveProperty('via');
    expect(await ns.ephemerals('large')).toHaveLength(1);
    // Without the pages of files, of which the first run on a node has many and which the kernel takes back.
    expect(cost?.memoryPeakBytes).toBeLessThan((128 * 1024 ** 2 - used) / 2);
  });
});

it('a pod that is full of file cache has room', async () => {
  const { code, stderr } = await nettools(['routing', ...on('cached')]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/measured from/) });
  expect(await ns.ephemerals('cached')).toHaveLength(1);
  const restarts = '{.status.containerStatuses[*].restartCount}';
  expect(await ns.kubectl(['get', 'pod', 'cached', '-o', `jsonpath=${restarts}`])).toBe('0');
  expect(await podMemory(ns, 'cached')).toMatchObject({ killed: 0 });
});

describe('a pod with little CPU', () => {
  it('is measured from its node', async () => {
    const { code, stderr } = await nettools(['diagnose', ...on('slow', '--to', 'svc/many')]);
    expect([0, 1]).toContain(code);
    expect(stderr).toMatch(/^note: measured from node\d: the pod has a CPU limit of 20m\.$/m);
    expect(await ns.ephemerals('slow')).toEqual([]);
  });

  it('is kept out of where it alone has what is asked for', async () => {
    const outcome = await nettools(['sockets', ...on('slow', '-c', 'app')]);
    expectSentence(
      outcome,
      3,
      /pod "slow" has a CPU limit of 20m: a session in it needs 50m, .*; nothing was changed\.$/,
    );
    expect(outcome.stderr).toMatch(
      /A CPU limit of at least 50m makes room for it, without -c its node is used/,
    );
    expect(await ns.ephemerals('slow')).toEqual([]);
    const preflight = await nettools(['preflight', ...on('slow')]);
    expect(preflight.stdout).toMatch(/^× CPU in the pod: it has a CPU limit of 20m; /m);
  });
});

describe('a pod that may have few processes', () => {
  // The application, the pause container, a session's four, and what a run starts at the same time.
  it.each([32, 20])('of which it has %i: nothing that did not start is taken for a fault', async (most) => {
    await nettools(['run', ...on('few-processes', '--', 'true')]);
    await limitProcesses(ns, 'few-processes', most);
    const { code, stdout } = await nettools([
      'diagnose',
      ...on('few-processes', '--to', 'svc/many', '-o', 'json'),
    ]);
    const { checks, verdict } = validReport(JSON.parse(stdout));
    const found = checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
    expect(found, stdout).toEqual([]);
    expect([code, verdict]).toEqual(most === 32 ? [0, 'pass'] : [expect.any(Number), expect.any(String)]);
    await expectUnharmed(ns, 'few-processes');
  });
});

it('the other end of a connection is listened at from its node, if it has too little room', async () => {
  const { code, stdout, stderr } = await nettools([
    'firewall',
    ...on('roomy', '--to', 'pod/tight:9', '--both-ends', '-o', 'json'),
  ]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^note: pod\/tight: measured from node\d: the pod has 1\d MiB left of 96 MiB\.$/m);
  const path = validReport(JSON.parse(stdout)).checks.find(({ id }) => id === 'path');
  // What listens there was read from the node too.
  expect(path?.findings.map(({ id, summary }) => `${id} ${summary}`)).toEqual([
    expect.stringMatching(/^NT-PATH-007 pod\/tight:9 .*: nothing listens (there|on port 9 there)/),
  ]);
  expect(await ns.ephemerals('tight')).toEqual([]);
});

describe('--via', () => {
  it('node adds nothing to a pod that has room', async () => {
    const { code, stdout, stderr } = await nettools([
      'routing',
      ...on('backend-0', '--via', 'node', '-o', 'json'),
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^note: measured from node\d: as --via node says\.$/m);
    expect(validReport(JSON.parse(stdout)).target).toMatchObject({
      kind: 'pod',
      name: 'backend-0',
      via: 'node',
    });
    expect(await ns.ephemerals('backend-0')).toEqual([]);
  });

  it('auto enters a pod that has room, and says nothing of it', async () => {
    const { code, stdout, stderr } = await nettools(['routing', ...on('roomy', '-o', 'json')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(validReport(JSON.parse(stdout)).target).not.toHaveProperty('via');
    expect(await ns.ephemerals('roomy')).toHaveLength(1);
  });

  it('pod enters one that has too little', async () => {
    const { limitHits } = await podMemory(ns, 'tight');
    const { code, stderr } = await nettools(['run', ...on('tight', '--via', 'pod', '--', 'ip', 'route')]);
    expect({ code, stderr, limitHits }).toEqual({ code: 0, stderr: '', limitHits: 0 });
    expect(await ns.ephemerals('tight')).toHaveLength(1);
  });
});
