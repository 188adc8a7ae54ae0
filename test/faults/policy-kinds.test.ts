/** Policies of kinds that are not evaluated: their definitions are in the cluster, as plugins bring them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-policy-kinds');

interface PolicyKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
}

/** Kinds of one group may be of different versions of it. */
const KINDS: readonly PolicyKind[] = [
  { group: 'policy.networking.k8s.io', version: 'v1alpha1', kind: 'AdminNetworkPolicy', scope: 'Cluster' },
  {
    group: 'policy.networking.k8s.io',
    version: 'v1alpha1',
    kind: 'BaselineAdminNetworkPolicy',
    scope: 'Cluster',
  },
  { group: 'policy.networking.k8s.io', version: 'v1alpha2', kind: 'ClusterNetworkPolicy', scope: 'Cluster' },
  { group: 'cilium.io', version: 'v2', kind: 'CiliumNetworkPolicy', scope: 'Namespaced' },
  { group: 'crd.projectcalico.org', version: 'v1', kind: 'NetworkPolicy', scope: 'Namespaced' },
  { group: 'crd.projectcalico.org', version: 'v1', kind: 'GlobalNetworkPolicy', scope: 'Cluster' },
  { group: 'projectcalico.org', version: 'v3', kind: 'NetworkPolicy', scope: 'Namespaced' },
  { group: 'projectcalico.org', version: 'v3', kind: 'GlobalNetworkPolicy', scope: 'Cluster' },
];

const pluralOf = ({ kind }: PolicyKind): string => kind.toLowerCase().replace(/y$/, 'ies');
const resourceOf = (one: PolicyKind): string => `${pluralOf(one)}.${one.group}`;

/** As small as the API takes it. */
function definition(one: PolicyKind): Manifest {
  const { group, version, kind, scope } = one;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: resourceOf(one),
      // Groups of k8s.io ask for it.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
    },
    spec: {
      group,
      scope,
      names: { kind, plural: pluralOf(one), singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}

const ACCOUNT = 'nettools-policy-kinds';
/** All that a run needs, and no policies of other kinds. */
const ROLE: readonly Manifest[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: ACCOUNT },
    rules: [
      { apiGroups: ['', 'networking.k8s.io', 'discovery.k8s.io', 'apps'], resources: ['*'], verbs: ['*'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: ACCOUNT },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: ACCOUNT },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: ACCOUNT }],
  },
];

const apply = (objects: readonly Manifest[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

let server: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  server = await podNetns(ns.name, 'server');
  await apply([...KINDS.map(definition), ...ROLE]);
  await kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    ...KINDS.map((one) => `crd/${resourceOf(one)}`),
  ]);
  await until('each kind is served', 60, async () => {
    const served = await kubectl(['api-resources', '--no-headers', '-o', 'name']);
    return KINDS.every((one) => served.includes(resourceOf(one))) || served;
  });
});

afterAll(async () => {
  await kubectl(['delete', '--ignore-not-found', ...KINDS.map((one) => `crd/${resourceOf(one)}`)]);
  await kubectl(['delete', '--ignore-not-found', `clusterrole/${ACCOUNT}`, `clusterrolebinding/${ACCOUNT}`]);
});

/** The server takes no packets: whether policies do that is the question. */
const drop = [
  { make: 'nft add table ip ntfault', undo: 'nft delete table ip ntfault' },
  { make: 'nft add chain ip ntfault c { type filter hook input priority -10 ; }', undo: '' },
  { make: 'nft add rule ip ntfault c tcp dport 8080 drop', undo: '' },
];
const look = (...flags: readonly string[]): Promise<Report> =>
  withFault(server, drop, () =>
    checkReport('firewall', ['client', '-n', ns.name, '--to', 'pod/server:8080', ...flags]),
  );
interface Row {
  readonly policies: { readonly verdict: string };
}
function verdictIn(report: Report): string | undefined {
  const rows = report.checks[0]?.measurements['destinations'] as readonly Row[] | undefined;
  return rows?.[0]?.policies.verdict;
}
const named = ({ kind, group }: PolicyKind): string => `${kind} (${group})`;

describe('policies of other kinds', () => {
  test('of which there is none take part in nothing', async () => {
    const report = await look();
    expectFirst(report, {
      id: 'NT-FW-001',
      severity: 'critical',
      says: /no NetworkPolicy selects either end, so it is none of them/,
    });
    expect(verdictIn(report)).toBe('none');
  });

  test.each(KINDS.map((one) => [named(one), one] as const))(
    '%s is named, and what it says is not known',
    async (name, one) => {
      const { group, version, kind, scope } = one;
      const object = {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name: 'nettools-kin' },
        spec: {},
      };
      const words = scope === 'Namespaced' ? ['-n', ns.name] : [];
      await kubectl([...words, 'apply', '-f', '-'], JSON.stringify(object));
      try {
        const report = await look();
        const first = expectFirst(report, {
          id: 'NT-FW-001',
          severity: 'critical',
          says: /what policies say is not known: those of .* are not evaluated/,
        });
        expect(first.summary).toContain(`those of ${name} are not evaluated`);
        expect(verdictIn(report)).toBe('unknown');
      } finally {
        await kubectl([...words, 'delete', `${resourceOf(one)}/nettools-kin`]);
      }
    },
  );

  test('who may not list them is told of each', async () => {
    const report = await look('--as', ACCOUNT);
    const first = expectFirst(report, {
      id: 'NT-FW-001',
      severity: 'critical',
      says: /what policies say is not known: those of .* are not evaluated/,
    });
    for (const one of KINDS) {
      expect(first.summary).toContain(named(one));
      const unread = report.checks[0]?.findings.filter(({ id }) => id === 'NT-SYS-001') ?? [];
      expect(unread.map(({ summary }) => summary).join('\n')).toContain(`policies of kind ${named(one)}`);
    }
    expect(verdictIn(report)).toBe('unknown');
  });
});
