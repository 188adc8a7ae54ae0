import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountKubeconfig } from '../cluster/kubeconfigs.ts';
import { clusterDir } from '../cluster/paths.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { app, type Manifest, pod, testNamespace } from './support/cluster.ts';
import { accountWith, type Rule, without } from './support/rights.ts';

/** The documented Role, as the test cluster's ServiceAccount nettools-user has it. */
const documented = (
  loadAll(readFileSync(join(clusterDir, 'manifests/rbac-user.yaml'), 'utf8')) as {
    kind: string;
    rules: Rule[];
  }[]
).find(({ kind }) => kind === 'Role')?.rules;
if (!documented) throw new Error('no Role in rbac-user.yaml');
const rules = documented;

const ns = testNamespace('rights');
const on = (...flags: string[]) => ['-n', ns.name, ...flags];

beforeAll(async () => {
  const deployment: Manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [app] },
      },
    },
  };
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  await ns.apply(deployment, service);
  await ns.start(pod('fresh'), pod('used'));
  await ns.kubectl(['rollout', 'status', 'deploy/web', '--timeout=60s']);
});

describe('an account without any rights', () => {
  let nobody: string[] = [];
  beforeAll(async () => {
    nobody = await accountWith(ns, 'nobody', []);
  });

  const session = 'patch pods/ephemeralcontainers, get and create pods/exec';

  it.each([
    ['a pod', ['run', 'fresh', '--', 'true'], `get and watch pods, ${session}`],
    ['a Deployment', ['latency', 'deploy/web'], `get deployments.apps, list, get and watch pods, ${session}`],
    ['a Service', ['shell', 'svc/web'], `get services, list, get and watch pods, ${session}`],
    ['a selector', ['latency', '-l', 'app=web'], `list, get and watch pods, ${session}`],
  ])('is told each right that %s takes, in one sentence', async (_what, [command = '', ...rest], rights) => {
    const before = await ns.pod('fresh');
    const outcome = await nettools([command, ...on(...nobody), ...rest]);
    expectSentence(
      outcome,
      3,
      new RegExp(
        `^error: you may not ${rights.replaceAll('.', '\\.')} in namespace "${ns.name}"; nothing was changed\\.$`,
      ),
    );
    expect((await ns.pod('fresh')).spec).toEqual(before.spec);
  });

  it('sees all of it in the preflight', async () => {
    const { code, stdout, stderr } = await nettools(['preflight', ...on(...nobody), 'deploy/web']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    for (const right of [
      'get deployments.apps',
      'list pods',
      'get pods',
      'patch pods/ephemeralcontainers',
      'create pods/exec',
    ]) {
      expect(stdout).toContain(`× right to ${right}: denied by RBAC`);
    }
  });

  it('gets the same by its own token', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-'));
    try {
      const file = join(folder, 'kubeconfig');
      await serviceAccountKubeconfig(ns.name, 'nobody', file);
      const outcome = await nettools(['run', ...on('--kubeconfig', file), 'fresh', '--', 'true']);
      expectSentence(
        outcome,
        3,
        /you may not get and watch pods, patch pods\/ephemeralcontainers, get and create pods\/exec/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('one right is missing', () => {
  it.each([
    ['get', 'pods'],
    ['watch', 'pods'],
    ['patch', 'pods/ephemeralcontainers'],
    ['get', 'pods/exec'],
    ['create', 'pods/exec'],
  ])('%s %s', async (verb, resource) => {
    const account = await accountWith(
      ns,
      `no-${verb}-${resource.replace('/', '-')}`,
      without(rules, verb, resource),
    );
    const before = await ns.pod('fresh');
    const outcome = await nettools(['run', ...on(...account), 'fresh', '--', 'true']);
    expectSentence(
      outcome,
      3,
      new RegExp(
        `^error: you may not ${verb} ${resource} in namespace "${ns.name}"; nothing was changed\\.$`,
      ),
    );
    expect((await ns.pod('fresh')).spec).toEqual(before.spec);
    const { code, stdout } = await nettools(['preflight', ...on(...account), 'fresh', '-o', 'json']);
    const { items } = JSON.parse(stdout) as { items: { check: string; ok: boolean }[] };
    expect(code).toBe(3);
    expect(items.filter(({ check, ok }) => !ok && check.startsWith('right'))).toMatchObject([
      { check: `right to ${verb} ${resource}` },
    ]);
  });

  it.each([
    ['list', 'pods', ['run', '-l', 'app=web', '--', 'true'], 'list pods'],
    ['get', 'deployments', ['run', 'deploy/web', '--', 'true'], 'get deployments.apps'],
    ['get', 'services', ['run', 'svc/web', '--', 'true'], 'get services'],
  ])('%s %s, for what needs it alone', async (verb, resource, [command = '', ...rest], right) => {
    const account = await accountWith(ns, `no-${verb}-${resource}-target`, without(rules, verb, resource));
    const outcome = await nettools([command, ...on(...account), ...rest]);
    expectSentence(outcome, 3, new RegExp(`^error: you may not ${right.replace('.', '\\.')} in namespace`));
  });

  it('list endpointslices, for a Service as the destination', async () => {
    const account = await accountWith(ns, 'no-endpointslices', without(rules, 'list', 'endpointslices'));
    const before = await ns.pod('fresh');
    const outcome = await nettools(['latency', ...on(...account), 'fresh', '--to', 'svc/web']);
    expectSentence(outcome, 3, /cannot list resource "endpointslices"/);
    expect((await ns.pod('fresh')).spec).toEqual(before.spec);
  });
});

describe('the documented rights', () => {
  let folder = '';
  let file = '';
  const as = () => on('--kubeconfig', file);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-'));
    file = join(folder, 'kubeconfig');
    await accountWith(ns, 'user', rules);
    await serviceAccountKubeconfig(ns.name, 'user', file);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [['preflight', 'used']],
    [['run', 'used', '--', 'true']],
    [['run', 'deploy/web', '--', 'true']],
    [['run', 'svc/web', '--', 'true']],
    [['run', '-l', 'app=web', '--', 'true']],
    [['latency', 'used', '--count', '5', '--to', 'svc/web', '--to', 'pod/fresh']],
    [['sessions', 'ls']],
    [['sessions', 'stop', 'used']],
  ])('are enough for %j', async (words) => {
    const [command = '', ...rest] = words;
    const name = command === 'sessions' ? [command, rest.shift() ?? ''] : [command];
    const outcome = await nettools([...name, ...as(), ...rest]);
    expect(outcome.code, outcome.stderr).toBe(0);
  });

  it('are enough to be told the reason of a failed pull at once', async () => {
    const outcome = await nettools([
      'run',
      ...as(),
      'used',
      '--image',
      'localhost/no-such-image:1',
      '--',
      'true',
    ]);
    expectSentence(outcome, 3, /Failed to pull image "localhost\/no-such-image:1"/);
    expect(outcome.seconds).toBeLessThan(10);
  });

  it('are what the ServiceAccount of the test cluster has', async () => {
    const user = join(folder, 'nettools-user');
    await serviceAccountKubeconfig('default', 'nettools-user', user);
    const outcome = await nettools(['run', '--kubeconfig', user, 'deploy/web', '--', 'echo', 'ok']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n' });
    const elsewhere = await nettools(['run', '--kubeconfig', user, ...on('used'), '--', 'true']);
    expectSentence(elsewhere, 3, /you may not get and watch pods/);
  });
});
