import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountKubeconfig } from '../cluster/kubeconfigs.ts';
import { nodes } from '../cluster/paths.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { app, type Manifest, pod, testNamespace } from './support/cluster.ts';
import { notMeasured } from './support/report.ts';
import {
  accountWith,
  asMember,
  documentedRights,
  grantedToMembers,
  singleRights,
  without,
} from './support/rights.ts';
import { proxied } from './support/services.ts';

const { file: manifest, roles } = documentedRights('pod-user.yaml');
const { 'nettools-pod-user': needed = [], 'nettools-pod-user-names': forNames = [] } = roles;
const more = roles['nettools-pod-user-more'] ?? [];
const rules = [...needed, ...forNames, ...more];

const missingRight = (right: string) =>
  new RegExp(`^error: you may not ${right.replace('.', '\\.')} in namespace`);

/** What a right of the Role for names is needed for, and what is said without it. */
const names: readonly (readonly [verb: string, resource: string, words: string[], says: RegExp])[] = [
  ['list', 'pods', ['run', '-l', 'app=web', '--', 'true'], missingRight('list pods')],
  ['get', 'services', ['run', 'svc/web', '--', 'true'], missingRight('get services')],
  [
    'list',
    'endpointslices',
    ['latency', 'fresh', '--to', 'svc/web'],
    /you may not list endpointslices\.discovery\.k8s\.io in namespace/,
  ],
  ['get', 'deployments', ['run', 'deploy/web', '--', 'true'], missingRight('get deployments.apps')],
  ['get', 'statefulsets', ['run', 'sts/web', '--', 'true'], missingRight('get statefulsets.apps')],
  ['get', 'daemonsets', ['run', 'ds/web', '--', 'true'], missingRight('get daemonsets.apps')],
  ['get', 'replicasets', ['run', 'rs/web', '--', 'true'], missingRight('get replicasets.apps')],
  ['get', 'jobs', ['run', 'job/web', '--', 'true'], missingRight('get jobs.batch')],
];

/** Rights without which a check is done all the same, and what it says then. */
const optional: readonly (readonly [verb: string, resource: string, words: string[], says: RegExp])[] = [
  ['list', 'services', ['sockets', 'used'], /you may not read Services in/],
  ['get', 'namespaces', ['firewall', 'used', '--to', 'pod/fresh:8080'], /you may not read the namespace/],
  [
    'list',
    'networkpolicies',
    ['firewall', 'used', '--to', 'pod/fresh:8080'],
    /you may not read NetworkPolicies in/,
  ],
];

const ns = testNamespace('rights', { 'pod-security.kubernetes.io/enforce': 'privileged' });
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
  // It selects by the labels of namespaces, or those would not be asked for.
  const policy: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'from-anywhere' },
    spec: {
      podSelector: { matchLabels: { app: 'fresh' } },
      ingress: [{ from: [{ namespaceSelector: {} }] }],
    },
  };
  await ns.apply(deployment, service, policy);
  await ns.start(pod('fresh'), pod('used'));
  await ns.kubectl(['rollout', 'status', 'deploy/web', '--timeout=180s']);
  await proxied(ns, 'web', 1);
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
  it.each(singleRights(needed))('%s %s', async (verb, resource) => {
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

  it.each(names)('%s %s, for what needs it alone', async (verb, resource, [command = '', ...rest], says) => {
    const account = await accountWith(ns, `no-${verb}-${resource}-target`, without(rules, verb, resource));
    const before = await ns.pod('fresh');
    const outcome = await nettools([command, ...on(...account), ...rest]);
    expectSentence(outcome, 3, says);
    expect((await ns.pod('fresh')).spec).toEqual(before.spec);
  });

  it('is every right of a Role of the manifest, once', () => {
    expect(names.map(([verb, resource]) => [verb, resource])).toEqual(singleRights(forNames));
    const others = [
      ['watch', 'events'],
      // Of metrics.k8s.io: without it, or without that API, a pod's containers are asked (tight-pod.test.ts).
      ['get', 'pods'],
    ];
    expect([...optional.map(([verb, resource]) => [verb, resource]), ...others].sort()).toEqual(
      singleRights(more).sort(),
    );
  });
});

describe('the manifest for pods', () => {
  const as = () => on(...asMember);
  beforeAll(async () => {
    await ns.kubectl(['apply', '-f', manifest]);
    await grantedToMembers(ns, roles);
  });

  it.each([
    [['preflight', 'used']],
    [['run', 'used', '--', 'true']],
    [['run', 'deploy/web', '--', 'true']],
    [['run', 'svc/web', '--', 'true']],
    [['run', '-l', 'app=web', '--', 'true']],
    [['latency', 'used', '--count', '5', '--to', 'svc/web', '--to', 'pod/fresh']],
    [['sessions', 'ls']],
    [['sessions', 'stop', 'used']],
  ])('is enough for %j', async (words) => {
    const [command = '', ...rest] = words;
    const name = command === 'sessions' ? [command, rest.shift() ?? ''] : [command];
    const outcome = await nettools([...name, ...as(), ...rest]);
    expect(outcome.code, outcome.stderr).toBe(0);
  });

  it('is enough to be told the reason of a failed pull at once', async () => {
    const outcome = await nettools([
      'run',
      ...as(),
      'used',
      '--image',
      'localhost/no-such-image:1',
      '--',
      'true',
    ]);
    // The event's words, and not those of the end of the time that a start may take.
    expectSentence(
      outcome,
      3,
      /did not start in pod "used": Failed to pull image "localhost\/no-such-image:1"/,
    );
  });

  it('lets every check judge all that lies in the namespace', async () => {
    const findings = await notMeasured('diagnose', ...as(), 'used', '--to', 'svc/web');
    expect(findings.filter((text) => /may not/.test(text) && !/kube-system/.test(text))).toEqual([]);
  });

  it('works with an account of its own token too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-'));
    try {
      const file = join(folder, 'kubeconfig');
      await accountWith(ns, 'user', rules);
      await serviceAccountKubeconfig(ns.name, 'user', file);
      const outcome = await nettools(['run', ...on('--kubeconfig', file), 'used', '--', 'echo', 'ok']);
      expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has in its first Role nothing that a session could do without', async () => {
    const account = await accountWith(ns, 'needed', needed);
    const outcome = await nettools(['run', ...on(...account), 'used', '--', 'echo', 'ok']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
  });
});

describe('one optional right is missing', () => {
  it.each(optional)(
    '%s %s: the check is done and says so',
    async (verb, resource, [command = '', ...rest], says) => {
      const account = await accountWith(ns, `without-${verb}-${resource}`, without(rules, verb, resource));
      expect(await notMeasured(command, ...on(...account), ...rest)).toEqual(
        expect.arrayContaining([expect.stringMatching(says)]),
      );
      expect(
        await notMeasured(command, ...on(...(await accountWith(ns, 'with-all', rules))), ...rest),
      ).toEqual(expect.not.arrayContaining([expect.stringMatching(says)]));
    },
  );

  it('watch events: the reason of a failed pull is told all the same', async () => {
    const account = await accountWith(ns, 'without-events', without(rules, 'watch', 'events'));
    const image = ['--image', 'localhost/no-such-image:2'];
    const outcome = await nettools(['run', ...on(...account), 'fresh', ...image, '--', 'true']);
    expectSentence(outcome, 3, /did not start in pod "fresh": (ErrImagePull|ImagePullBackOff): /);
  });
});

describe('rights on nodes', () => {
  const { file, roles: nodeRoles } = documentedRights('node-user.yaml');
  const nodeNeeded = nodeRoles['nettools-node-user'] ?? [];
  const [node] = nodes;
  const target = `node/${node?.name}`;
  const inDebug = (account: readonly string[]) => ['--debug-namespace', ns.name, ...account];

  it('of the documented kind are enough, and leave nothing behind', async () => {
    await ns.kubectl(['apply', '-f', file]);
    await grantedToMembers(ns, nodeRoles);
    const outcome = await nettools(['run', target, ...inDebug(asMember), '--', 'echo', 'ok']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
    const labels = 'app.kubernetes.io/managed-by=kubectl-nettools';
    expect(await ns.kubectl(['get', 'pods', '-l', labels, '-o', 'name'])).toBe('');
  });

  it.each(singleRights(nodeNeeded))(
    'without %s %s: it is told, and nothing was made',
    async (verb, resource) => {
      const name = `node-no-${verb}-${resource.replace('/', '-')}`;
      const account = await accountWith(ns, name, without(nodeNeeded, verb, resource));
      const outcome = await nettools(['run', target, ...inDebug(account), '--', 'true']);
      expectSentence(
        outcome,
        3,
        new RegExp(
          `^error: you may not ${verb} ${resource} in namespace "${ns.name}", .*; nothing was created\\.$`,
        ),
      );
    },
  );

  it('without watch events: the reason of a failed pull is told all the same', async () => {
    expect(singleRights(nodeRoles['nettools-node-user-more'] ?? [])).toEqual([['watch', 'events']]);
    const account = await accountWith(ns, 'node-without-events', nodeNeeded);
    const image = ['--image', 'localhost/no-such-image:3'];
    const outcome = await nettools(['run', target, ...inDebug(account), ...image, '--', 'true']);
    expectSentence(outcome, 3, /did not start in pod "[^"]+": (ErrImagePull|ImagePullBackOff): /);
  });

  it('are told in the preflight', async () => {
    const account = await accountWith(ns, 'node-nobody', []);
    const { code, stdout } = await nettools(['preflight', target, ...inDebug(account)]);
    expect(code).toBe(3);
    for (const right of ['create pods', 'delete pods', 'create pods/exec']) {
      expect(stdout).toContain(`× right to ${right}: denied by RBAC`);
    }
  });
});
