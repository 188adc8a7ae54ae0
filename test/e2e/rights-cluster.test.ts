import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes } from '../cluster/paths.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { kubectl, pod, testNamespace } from './support/cluster.ts';
import { notMeasured } from './support/report.ts';
import {
  accountName,
  accountWith,
  documentedRights,
  granted,
  type Rule,
  singleRights,
  without,
} from './support/rights.ts';

const { file, roles } = documentedRights('cluster-reader.yaml');
const dns = roles['nettools-dns-reader'] ?? [];
const nodeReader = roles['nettools-node-reader'] ?? [];
const addressReader = roles['nettools-address-reader'] ?? [];
/** All rights in the test's own namespace, for pods and for nodes. */
const own = ['pod-user.yaml', 'node-user.yaml'].flatMap((name) =>
  Object.values(documentedRights(name).roles).flat(),
);

const privileged = { 'pod-security.kubernetes.io/enforce': 'privileged' };
const ns = testNamespace('rights-cluster', privileged);
const restricted = testNamespace('rights-none', { 'pod-security.kubernetes.io/enforce': 'restricted' });
const [node] = nodes;
const target = `node/${node?.name}`;

/** Everything that is made outside of the test's namespaces has this in its name. */
const prefix = `nettools-e2e-rights-${randomBytes(3).toString('hex')}`;
const made: { readonly kind: string; readonly name: string; readonly where: readonly string[] }[] = [];
afterAll(async () => {
  for (const { kind, name, where } of made) {
    await kubectl([...where, 'delete', `${kind},${kind}binding`, '--ignore-not-found', name]);
  }
});

/** An account with all rights in its namespace and these elsewhere; resolves to the flags that act as it. */
async function account(name: string, rules: readonly Rule[], namespace?: string): Promise<string[]> {
  const flags = await accountWith(ns, name, own);
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const where = namespace === undefined ? [] : ['-n', namespace];
  const metadata = { name: `${prefix}-${name}` };
  made.push({ kind: kind.toLowerCase(), name: metadata.name, where });
  const items = [
    { kind, metadata, rules },
    {
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: ns.name }],
    },
  ].map((object) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', ...object }));
  await kubectl([...where, 'apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await granted({ user: accountName(ns, name) }, [rules], namespace);
  return ['-n', ns.name, ...flags];
}

beforeAll(async () => {
  // With a policy that selects by labels, or pods and namespaces would not be asked for theirs.
  await ns.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'from-anywhere' },
    spec: { podSelector: { matchLabels: { app: 'none' } }, ingress: [{ from: [{ namespaceSelector: {} }] }] },
  });
  await ns.start(pod('used'));
});

it('the manifest is one that the API server takes', async () => {
  expect(await kubectl(['apply', '--dry-run=server', '-f', file])).toMatch(/nettools-address-reader created/);
});

describe('the Role for DNS', () => {
  const rows: readonly (readonly [verb: string, resource: string, says: RegExp])[] = [
    ['list', 'services', /you may not read Services in kube-system/],
    ['list', 'pods', /you may not read pods in kube-system/],
    ['list', 'endpointslices', /you may not read EndpointSlices in kube-system/],
    ['list', 'networkpolicies', /you may not read NetworkPolicies in kube-system/],
    ['get', 'namespaces', /you may not read the namespace kube-system/],
  ];

  it('lets dns look at every replica, and leave nothing unread', async () => {
    const flags = await account('dns-all', dns, 'kube-system');
    expect((await notMeasured('dns', ...flags, 'used')).filter((text) => /may not/.test(text))).toEqual([]);
  });

  it.each(rows)('without %s %s: dns says so', async (verb, resource, says) => {
    const flags = await account(`dns-no-${resource}`, without(dns, verb, resource), 'kube-system');
    expect(await notMeasured('dns', ...flags, 'used')).toEqual(
      expect.arrayContaining([expect.stringMatching(says)]),
    );
  });

  it('has no other right', () => {
    expect(rows.map(([verb, resource]) => [verb, resource])).toEqual(singleRights(dns));
  });
});

describe('the Role for nodes', () => {
  it('has two rights', () => {
    expect(singleRights(nodeReader)).toEqual([
      ['get', 'nodes'],
      ['list', 'nodes'],
    ]);
  });

  it('without get nodes: the preflight does not know the state of a node', async () => {
    const answers = async (flags: readonly string[]) => {
      const { stdout } = await nettools(['preflight', target, ...flags, '-o', 'json']);
      const { items } = JSON.parse(stdout) as { items: { check: string; ok?: boolean; detail: string }[] };
      return items.filter(({ check }) => check === 'node can run a pod');
    };
    expect(await answers(await account('nodes-all', nodeReader))).toMatchObject([
      { ok: true, detail: 'it is ready' },
    ]);
    const less = await account('nodes-no-get', without(nodeReader, 'get', 'nodes'));
    const unknown = { check: 'node can run a pod', detail: 'not known: you may not read it' };
    expect(await answers(less)).toEqual([unknown]);
    const { stdout } = await nettools(['preflight', target, ...less]);
    expect(stdout).toContain(`? ${unknown.check}: ${unknown.detail}`);
  });

  it('without list nodes: routing says that forwarding was not looked at', async () => {
    const says = expect.stringMatching(/forwarding \(NT-RT-006\).*the API does not tell which pods/);
    expect(
      await notMeasured('routing', target, ...(await account('nodes-all', nodeReader))),
    ).not.toContainEqual(says);
    const less = await account('nodes-no-list', without(nodeReader, 'list', 'nodes'));
    expect(await notMeasured('routing', target, ...less)).toContainEqual(says);
  });
});

describe('the Role for addresses', () => {
  const elsewhere = async (resource: string, jsonpath: string) =>
    (
      await kubectl([
        '-n',
        'kube-system',
        'get',
        resource,
        '-l',
        'k8s-app=kube-dns',
        '-o',
        `jsonpath=${jsonpath}`,
      ])
    ).trim();
  const stale = /stale entries of Services outside of \S+ \(NT-CT-003\)/;
  const rows: readonly (readonly [
    verb: string,
    resource: string,
    words: () => Promise<readonly string[]>,
    says: RegExp,
  ])[] = [
    [
      'list',
      'pods',
      async () => ['firewall', 'used', '--to', `${await elsewhere('pods', '{.items[0].status.podIP}')}:53`],
      /pods of other namespaces/,
    ],
    [
      'list',
      'services',
      async () => [
        'firewall',
        'used',
        '--to',
        `${await elsewhere('services', '{.items[0].spec.clusterIP}')}:53`,
      ],
      /services of other namespaces/,
    ],
    ['list', 'endpointslices', async () => ['conntrack', target], stale],
  ];

  it.each(rows)('without %s %s: the check is done and says so', async (verb, resource, words, says) => {
    const [command = '', ...rest] = await words();
    const all = await account('addresses-all', addressReader);
    expect(await notMeasured(command, ...all, ...rest)).not.toContainEqual(expect.stringMatching(says));
    const less = await account(`addresses-no-${resource}`, without(addressReader, verb, resource));
    expect(await notMeasured(command, ...less, ...rest)).toContainEqual(expect.stringMatching(says));
  });

  it('without list namespaces: no namespace is named that would take the pod of a node', async () => {
    // A dry-run tells which one would, so that it takes the right to make the pod there.
    const everywhere = [
      ...addressReader,
      { apiGroups: [''], resources: ['pods', 'pods/exec'], verbs: ['*'] },
    ];
    const refused = async (flags: readonly string[]) => {
      const outcome = await nettools([
        'run',
        target,
        ...flags,
        '--debug-namespace',
        restricted.name,
        '--',
        'true',
      ]);
      expectSentence(outcome, 3, /admits no pod in a node's network: .*; nothing was created\.$/);
      return outcome.stderr;
    };
    expect(await refused(await account('namespaces-all', everywhere))).toMatch(
      /^--debug-namespace \S+ would be allowed\.$/m,
    );
    const less = await account('namespaces-no-list', without(everywhere, 'list', 'namespaces'));
    expect(await refused(less)).toMatch(/^--debug-namespace chooses another namespace\.$/m);
  });

  it('has no other right', () => {
    expect([...rows.map(([verb, resource]) => [verb, resource]), ['list', 'namespaces']].sort()).toEqual(
      singleRights(addressReader).sort(),
    );
  });
});
