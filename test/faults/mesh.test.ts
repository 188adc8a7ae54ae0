/** A service mesh whose proxies take the mesh's TLS only (Istio): its policies are in the cluster, as the mesh brings them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { app, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-mesh');
const KIND = 'peerauthentications.security.istio.io';
const PORT = 8097;

/** As small as the API takes it. */
const DEFINITION: Manifest = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: KIND },
  spec: {
    group: 'security.istio.io',
    scope: 'Namespaced',
    names: { kind: 'PeerAuthentication', plural: 'peerauthentications', singular: 'peerauthentication' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

function policy(name: string, spec: object): Manifest {
  return { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name }, spec };
}

/** Takes each connection, reads what comes, and ends it: what a proxy does to a request that is not of the mesh. */
const PROXY = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  `my $s = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 64, ReuseAddr => 1) or die;
   while (my $c = $s->accept) { sysread($c, my $asked, 4096); close $c }`,
];

let server: PodNetns;

beforeAll(async () => {
  const idle = { ...app, ports: [], command: ['sleep', 'infinity'] };
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('web', { spec: { nodeName: 'node2' }, containers: [app, { ...idle, name: 'istio-proxy' }] }),
    pod('plain', { spec: { nodeName: 'node2' } }),
  );
  server = await podNetns(ns.name, 'web');
  await kubectl(['apply', '-f', '-'], JSON.stringify(DEFINITION));
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${KIND}`]);
  await until('the kind is served', 60, async () => {
    const served = await kubectl(['api-resources', '--no-headers', '-o', 'name']);
    return served.includes(KIND) || served;
  });
});

afterAll(async () => {
  await kubectl(['delete', '--ignore-not-found', `crd/${KIND}`]);
});

const ask = (port: number, to = server) =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', `http://${to.address}:${port}/`]);

async function withProxy<T>(where: PodNetns, work: () => Promise<T>): Promise<T> {
  return withTraffic(where, PROXY, async () => {
    await until('the proxy', 60, async () => {
      const all = await where.run('ss', '-ltnH');
      return all.includes(`:${PORT} `) || 'nobody listens';
    });
    return work();
  });
}

async function withPolicies<T>(policies: readonly Manifest[], work: () => Promise<T>): Promise<T> {
  if (policies.length > 0) await ns.apply(...policies);
  try {
    return await work();
  } finally {
    await ns.kubectl(['delete', KIND, '--all']);
  }
}

const own = { selector: { matchLabels: { app: 'web' } } };
const strict = { mtls: { mode: 'STRICT' } };

describe('NT-HTTP-007: strict mutual TLS, asked from outside of the mesh', () => {
  test.each<[string, readonly Manifest[], RegExp]>([
    [
      'of the namespace',
      [policy('default', strict)],
      /\/default asks of the proxy of pod web \(its container istio-proxy\): mutual TLS is STRICT for the namespace, and the target is not of the mesh\.$/,
    ],
    [
      'of the workload, before that of the namespace',
      [policy('default', { mtls: { mode: 'PERMISSIVE' } }), policy('web', { ...own, ...strict })],
      /\/web asks of the proxy of pod web .*: mutual TLS is STRICT for the workload/,
    ],
  ])('%s', async (_what, policies, says) => {
    const report = await withPolicies(policies, () => withProxy(server, () => ask(PORT)));
    expectFirst(report, { id: 'NT-HTTP-007', severity: 'critical', says });
    expect(problems(report).find(({ id }) => id === 'NT-HTTP-001')?.causedBy).toBe('NT-HTTP-007');
  });

  test.each<[string, readonly Manifest[]]>([
    ['is not why, where the port takes both', [policy('default', { mtls: { mode: 'PERMISSIVE' } })]],
    [
      'is not why, where a policy of the workload leaves the port out',
      [policy('default', strict), policy('web', { ...own, portLevelMtls: { [PORT]: { mode: 'DISABLE' } } })],
    ],
    ['is not why, where there is no policy', []],
  ])('%s', async (_what, policies) => {
    const report = await withPolicies(policies, () => withProxy(server, () => ask(PORT)));
    expectFirst(report, {
      id: 'NT-HTTP-001',
      severity: 'critical',
      says: /takes the connection and closes it/,
    });
    expect(problems(report).map(({ id }) => id)).not.toContain('NT-HTTP-007');
  });

  test('is not why, where the pod is not of the mesh; and where all is well, nothing is said', async () => {
    const plain = await podNetns(ns.name, 'plain');
    await withPolicies([policy('default', strict)], async () => {
      const report = await withProxy(plain, () => ask(PORT, plain));
      expect(problems(report).map(({ id }) => id)).not.toContain('NT-HTTP-007');
      expectSilence(await ask(8080));
    });
  });
});
