import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountKubeconfig } from '../cluster/kubeconfigs.ts';
import { nodes } from '../cluster/paths.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { app, kubectl, type Manifest, pod, testNamespace } from './support/cluster.ts';
import { accountWith, asMember, documentedRights, type Rule, without } from './support/rights.ts';

const { file: manifest, roles } = documentedRights('pod-user.yaml');
const { 'nettools-pod-user': needed = [], 'nettools-pod-user-names': forNames = [] } = roles;
const more = roles['nettools-pod-user-more'] ?? [];
const rules = [...needed, ...forNames, ...more];

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

describe('the manifest for pods', () => {
  const as = () => on(...asMember);
  beforeAll(async () => {
    await ns.kubectl(['apply', '-f', manifest]);
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
    expectSentence(outcome, 3, /Failed to pull image "localhost\/no-such-image:1"/);
    expect(outcome.seconds).toBeLessThan(10);
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

/** What a check says of itself that it did not look at. */
async function notMeasured(...words: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await nettools([...words, '-o', 'json']);
  expect([0, 1], stderr).toContain(code);
  const { checks } = JSON.parse(stdout) as {
    checks: { findings: { id: string; summary: string }[] }[];
  };
  return checks.flatMap(({ findings }) =>
    findings.filter(({ id }) => id === 'NT-SYS-001').map(({ summary }) => summary),
  );
}

describe('one optional right is missing', () => {
  it.each([
    [
      'list',
      'networkpolicies',
      ['firewall', 'used', '--to', 'pod/fresh:8080'],
      /the user may not read NetworkPolicies of namespace/,
    ],
    [
      'get',
      'namespaces',
      ['firewall', 'used', '--to', 'pod/fresh:8080'],
      /the user may not read labels of namespace/,
    ],
    ['list', 'services', ['sockets', 'used'], /the user may not list services in/],
  ])('%s %s: the check is done and says so', async (verb, resource, [command = '', ...rest], says) => {
    const account = await accountWith(ns, `without-${verb}-${resource}`, without(rules, verb, resource));
    expect(await notMeasured(command, ...on(...account), ...rest)).toEqual(
      expect.arrayContaining([expect.stringMatching(says)]),
    );
    expect(await notMeasured(command, ...on(...(await accountWith(ns, 'with-all', rules))), ...rest)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(says)]),
    );
  });

  it('watch events: the reason of a failed pull is told all the same', async () => {
    const account = await accountWith(ns, 'without-events', without(rules, 'watch', 'events'));
    const image = ['--image', 'localhost/no-such-image:2'];
    const outcome = await nettools(['run', ...on(...account), 'fresh', ...image, '--', 'true']);
    expectSentence(outcome, 3, /did not start in pod "fresh": (ErrImagePull|ImagePullBackOff): /);
  });
});

describe('rights on the cluster', () => {
  const { file, roles: clusterRoles } = documentedRights('cluster-reader.yaml');
  const dns = clusterRoles['nettools-dns-reader'] ?? [];
  const dnsNames = new Set<string>();
  const kubeSystem = (args: readonly string[], input?: string) =>
    kubectl(['-n', 'kube-system', ...args], input);

  /** An account with all rights of pods in its namespace, and these in kube-system. */
  async function dnsAccount(name: string, dnsRules: readonly Rule[]): Promise<string[]> {
    const account = await accountWith(ns, name, rules);
    const role = `${ns.name}-${name}`;
    dnsNames.add(role);
    const objects = [
      { kind: 'Role', metadata: { name: role }, rules: dnsRules },
      {
        kind: 'RoleBinding',
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
        subjects: [{ kind: 'ServiceAccount', name, namespace: ns.name }],
      },
    ].map((object) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', ...object }));
    await kubeSystem(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
    return on(...account);
  }
  afterAll(async () => {
    const names = [...dnsNames];
    await kubeSystem(['delete', 'role,rolebinding', '--ignore-not-found', ...names]);
  });

  it('of the documented kind let dns look at every replica, and leave nothing unread', async () => {
    const flags = await dnsAccount('dns-all', dns);
    expect((await notMeasured('dns', ...flags, 'used')).filter((text) => /may not/.test(text))).toEqual([]);
  });

  it.each([
    ['list', 'services', /you may not read Services in kube-system/],
    ['list', 'endpointslices', /you may not read EndpointSlices in kube-system/],
    ['list', 'pods', /you may not read pods in kube-system/],
    ['list', 'networkpolicies', /you may not read NetworkPolicies in kube-system/],
    ['get', 'namespaces', /you may not read the namespace kube-system/],
  ])('without %s %s: dns says so', async (verb, resource, says) => {
    const flags = await dnsAccount(`dns-no-${resource}`, without(dns, verb, resource));
    expect(await notMeasured('dns', ...flags, 'used')).toEqual(
      expect.arrayContaining([expect.stringMatching(says)]),
    );
  });

  it('are a manifest that the API server takes', async () => {
    expect(await kubectl(['apply', '--dry-run=server', '-f', file])).toMatch(
      /nettools-address-reader created/,
    );
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
    const outcome = await nettools(['run', target, ...inDebug(asMember), '--', 'echo', 'ok']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
    const labels = 'app.kubernetes.io/managed-by=kubectl-nettools';
    expect(await ns.kubectl(['get', 'pods', '-l', labels, '-o', 'name'])).toBe('');
  });

  it.each(
    nodeNeeded.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => [verb, resource] as const)),
    ),
  )('without %s %s: it is told, and nothing was made', async (verb, resource) => {
    const name = `node-no-${verb}-${resource.replace('/', '-')}`;
    const account = await accountWith(ns, name, without(nodeNeeded, verb, resource));
    const outcome = await nettools(['run', target, ...inDebug(account), '--', 'true']);
    expectSentence(
      outcome,
      3,
      new RegExp(
        `^error: you may not ${verb} ${resource} in namespace "${ns.name}", .*; nothing was made\\.$`,
      ),
    );
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
