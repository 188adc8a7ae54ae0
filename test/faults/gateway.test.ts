/** Faults of Ingresses and of the Gateway API, each made for real and named by the built binary. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { gatewayApiFolder } from '../cluster/gateway-api.ts';
import { until } from '../cluster/proc.ts';
import { app, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { accountWith } from '../e2e/support/rights.ts';
import { proxied } from '../e2e/support/services.ts';
import { makeCertificate } from '../servers/certificates.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-gateway');
const other = testNamespace('f-gateway-other');
const SERVER = join(import.meta.dirname, '../servers/gateway.ts');
/** The address of the gateway as its objects have it: nobody sends to it here. */
const BALANCED = '198.51.100.71';

let client: PodNetns;
let gateway: PodNetns;
let host: string;
let folder: string;
/** Of throwaway certificates. */
let certificates: string;

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'nettools-gateway-'));
  folder = await gatewayApiFolder();
  await kubectl(['apply', '--server-side', '-f', folder]);
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', folder]);
  const idle: Manifest = { ...app, command: ['sleep', 'infinity'] };
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('shop', { spec: { nodeName: 'node1' } }),
    pod('gateway', { spec: { nodeName: 'node2' }, containers: [idle] }),
  );
  await other.start(pod('shop'));
  const web = [{ name: 'http', port: 80, targetPort: 8080 }];
  const front = {
    selector: { app: 'gateway' },
    ports: [...web, { name: 'https', port: 443, targetPort: 8443 }],
  };
  await ns.apply(
    service('gateway', { ...front, type: 'LoadBalancer' }),
    service('www', front),
    service('shop', { selector: { app: 'shop' }, ports: web }),
    service('nobody', { selector: { app: 'nobody' }, ports: web }),
    service('wrong-port', {
      selector: { app: 'shop' },
      ports: [{ name: 'http', port: 80, targetPort: 9090 }],
    }),
    service('outside', { type: 'ExternalName', externalName: `shop.${other.name}.svc.cluster.local` }),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: ns.name },
      spec: { controller: 'example.com/test' },
    },
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: ns.name },
      spec: { controllerName: 'example.com/test' },
    },
  );
  await other.apply(service('shop', { selector: { app: 'shop' }, ports: web }));
  await status('service', 'gateway', { loadBalancer: { ingress: [{ ip: BALANCED }] } });
  host = `www.${ns.name}.svc.cluster.local`;
  for (const name of ['www', 'shop']) await proxied(ns, name, 1);
  client = await podNetns(ns.name, 'client');
  gateway = await podNetns(ns.name, 'gateway');
});

afterAll(async () => {
  rmSync(certificates, { recursive: true });
  await kubectl(['delete', '--ignore-not-found', 'ingressclass', ns.name]);
  // With them go all objects of theirs.
  await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', folder]);
});

const GROUP = 'gateway.networking.k8s.io';

function service(name: string, spec: object): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

async function status(kind: string, name: string, value: object): Promise<void> {
  const patch = JSON.stringify({ status: value });
  await ns.kubectl(['patch', kind, name, '--type=merge', '--subresource=status', '-p', patch]);
}

interface IngressParts {
  readonly host?: string;
  readonly path?: string;
  readonly pathType?: string;
  readonly service?: string;
  readonly port?: object;
  readonly spec?: object;
}

function ingress(parts: IngressParts = {}): Manifest {
  const { path = '/', pathType = 'Prefix', service: name = 'shop', port = { number: 80 } } = parts;
  const backend = { service: { name, port } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: {
      ingressClassName: ns.name,
      rules: [{ host: parts.host ?? host, http: { paths: [{ path, pathType, backend }] } }],
      ...parts.spec,
    },
  };
}

function gatewayObject(listener: object = {}): Manifest {
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP', ...listener }];
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Gateway',
    metadata: { name: 'gw' },
    spec: { gatewayClassName: ns.name, listeners },
  };
}

function route(backend: object = { name: 'shop', port: 80 }, spec: object = {}): Manifest {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'HTTPRoute',
    metadata: { name: 'web' },
    spec: {
      parentRefs: [{ name: 'gw', namespace: ns.name }],
      hostnames: [host],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [backend] }],
      ...spec,
    },
  };
}

/** Runs `work` while the objects are there and the gateway does what they say. */
async function served<T>(work: () => Promise<T>, ...objects: readonly Manifest[]): Promise<T> {
  await ns.apply(...objects);
  for (const { kind, metadata } of objects) {
    const { name } = metadata as { name: string };
    if (kind === 'Ingress' && name === 'web')
      await status('ingress', 'web', { loadBalancer: { ingress: [{ ip: BALANCED }] } });
    if (kind === 'Gateway')
      await status('gateway', 'gw', { addresses: [{ type: 'IPAddress', value: BALANCED }] });
  }
  try {
    return await withTraffic(gateway, [process.execPath, SERVER, ns.name, `${ns.name}/gw`], async () => {
      await until('the gateway', 60, async () => {
        const { code } = await client.attempt(
          'curl',
          '-s',
          '-o',
          '/dev/null',
          `http://${gateway.address}:8080/`,
        );
        return code === 0 || `curl ended with ${code}`;
      });
      return await work();
    });
  } finally {
    const kinds = [...new Set(objects.map(({ kind }) => String(kind).toLowerCase()))];
    await ns.kubectl(['delete', '--all', '--ignore-not-found', kinds.join(',')]);
  }
}

const asked = (url = `http://${host}/`): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', url]);

describe('Ingress', () => {
  test('a healthy twin: silence, and it says who takes the request', async () => {
    const report = await served(() => asked(), ingress());
    expectSilence(report);
    const own = report.checks.find(({ id }) => id === 'gateway');
    expect(own?.status).toBe('pass');
    expect(own?.summary).toMatch(
      /HTTP 200\. Ingress \S+\/web \(host .*, path \/ \(Prefix\)\) leads it to Service \S+\/shop:80 \(1 ready\)/,
    );
  });

  test('a wildcard and a longer path are taken as Ingresses mean them', async () => {
    const wild = ingress({ host: host.replace(/^www/, '*'), path: '/shop' });
    expectSilence(await served(() => asked(`http://${host}/shop/cart`), wild));
  });

  test('NT-GW-001: the host is another', async () => {
    const report = await served(() => asked(), ingress({ host: 'shop.example.com' }));
    expectFirst(report, {
      id: 'NT-GW-001',
      severity: 'critical',
      says: /HTTP 404: no rule of Ingresses of class \S+ takes host \S+ with path \/; there is host shop\.example\.com/,
    });
  });

  test('NT-GW-001: the path is another', async () => {
    const report = await served(() => asked(`http://${host}/auth`), ingress({ pathType: 'Exact' }));
    expectFirst(report, {
      id: 'NT-GW-001',
      severity: 'critical',
      says: /path \/auth; there is host \S+, path \/ \(Exact\) of /,
    });
  });

  test('NT-GW-002: there is no such Service', async () => {
    const report = await served(() => asked(), ingress({ service: 'frontend' }));
    expectFirst(report, {
      id: 'NT-GW-002',
      severity: 'critical',
      says: /leads it to frontend:80, and there is no Service frontend in /,
    });
    expect(problems(report).find(({ id }) => id === 'NT-HTTP-002')?.causedBy).toBe('NT-GW-002');
  });

  test('NT-GW-002: the Service has no such port', async () => {
    const byNumber = await served(() => asked(), ingress({ port: { number: 8080 } }));
    expectFirst(byNumber, {
      id: 'NT-GW-002',
      severity: 'critical',
      says: /Service shop in \S+ has no port 8080: it has 80 \(http\)/,
    });
    const byName = await served(() => asked(), ingress({ port: { name: 'web' } }));
    expectFirst(byName, {
      id: 'NT-GW-002',
      severity: 'critical',
      says: /has no port web: it has 80 \(http\)/,
    });
  });

  test('NT-GW-002: the Service is an alias that the gateway does not follow', async () => {
    const report = await served(() => asked(), ingress({ service: 'outside' }));
    expectFirst(report, {
      id: 'NT-GW-002',
      severity: 'warning',
      says: /Service outside in \S+ is an ExternalName for shop\./,
    });
  });

  test('a canary without pods is none of what nobody marked for it, and a share of it is', async () => {
    const named = (weight: string) => ({
      ...ingress({ service: 'nobody' }),
      metadata: {
        name: 'a-canary',
        annotations: {
          'nginx.ingress.kubernetes.io/canary': 'true',
          'nginx.ingress.kubernetes.io/canary-weight': weight,
        },
      },
    });
    // The stable Service fails by itself: its canary is no cause.
    const unmarked = await served(() => asked(), named('0'), ingress({ service: 'wrong-port' }));
    expectFirst(unmarked, {
      id: 'NT-GW-004',
      severity: 'critical',
      says: /Ingress \S+\/web .* leads it to /,
    });
    const shared = await served(() => asked(), named('20'), ingress({ service: 'wrong-port' }));
    expectFirst(shared, {
      id: 'NT-GW-003',
      severity: 'critical',
      says: /Ingress \S+\/a-canary \(host .*, a canary\) leads it to Service \S+\/nobody:80 \(one of 2 backends\)/,
    });
  });

  test('NT-GW-009: another Ingress has the same rule, and leads elsewhere', async () => {
    const twin = (name: string, to: string): Manifest => ({
      ...ingress({ service: to }),
      metadata: { name },
    });
    const report = await served(() => asked(), ingress(), twin('twin', 'www'));
    expectFirst(report, {
      id: 'NT-GW-009',
      severity: 'warning',
      says: /is claimed more than once: Ingress \S+\/(web|twin) \(host \S+, path \/ \(Prefix\)\) leads it to Service \S+, and the same rule leads by Ingress \S+\/(web|twin) to Service \S+:80\. By age the first one counts/,
    });
    expectSilence(await served(() => asked(), ingress(), twin('twin', 'shop')));
  });

  test('NT-GW-003: no pod is ready', async () => {
    const report = await served(() => asked(), ingress({ service: 'nobody' }));
    expectFirst(report, {
      id: 'NT-GW-003',
      severity: 'critical',
      says: /HTTP 503: .* leads it to Service \S+\/nobody:80, which has no ready endpoint/,
    });
  });

  test('NT-GW-004: nothing listens on the port', async () => {
    const report = await served(() => asked(), ingress({ service: 'wrong-port' }));
    expectFirst(report, {
      id: 'NT-GW-004',
      severity: 'critical',
      says: /HTTP 502: .* and port 9090 of pod shop refuses connections/,
    });
  });

  test('NT-GW-005: its class is not there, and it has none', async () => {
    const wrong = { ...ingress({ spec: { ingressClassName: 'public' } }), metadata: { name: 'lost' } };
    const first = await served(() => asked(), wrong);
    expectFirst(first, {
      id: 'NT-GW-005',
      severity: 'critical',
      says: /Ingress \S+\/lost has a rule for \S+, and nobody serves it: its class is public, and there is no IngressClass/,
    });
    const none = { ...ingress({ spec: { ingressClassName: undefined } }), metadata: { name: 'lost' } };
    const second = await served(() => asked(), none);
    expectFirst(second, {
      id: 'NT-GW-005',
      severity: 'critical',
      says: /it names no class \(ingressClassName\), and no IngressClass is the default/,
    });
  });

  test('NT-GW-008: the Secret of the certificate is not there', async () => {
    const tls = (entry: object) => ingress({ spec: { tls: [{ hosts: [host], ...entry }] } });
    const missing = await served(() => asked(`https://${host}/`), tls({ secretName: 'www-tls' }));
    expectFirst(missing, {
      id: 'NT-GW-008',
      severity: 'critical',
      says: /names Secret www-tls for \S+, which is not in /,
    });
    const unnamed = await served(() => asked(`https://${host}/`), tls({}));
    expectFirst(unnamed, {
      id: 'NT-GW-008',
      severity: 'critical',
      says: /names no Secret for \S+ \(tls: secretName\)/,
    });
  });
});

describe('Gateway API', () => {
  test('a healthy twin: silence', async () => {
    const report = await served(() => asked(), gatewayObject(), route());
    expectSilence(report);
    expect(report.checks.find(({ id }) => id === 'gateway')?.summary).toMatch(
      /HTTP 200\. HTTPRoute \S+\/web .* leads it to Service/,
    );
  });

  test('NT-GW-001: no route has the path', async () => {
    const rules = [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/shop' } }],
        backendRefs: [{ name: 'shop', port: 80 }],
      },
    ];
    const report = await served(() => asked(), gatewayObject(), route({}, { rules }));
    expectFirst(report, {
      id: 'NT-GW-001',
      severity: 'critical',
      says: /no rule of Gateway \S+\/gw takes host .*there is path \/shop \(PathPrefix\) of HTTPRoute /,
    });
  });

  test('NT-GW-002, NT-GW-003, NT-GW-004: the backend', async () => {
    for (const [name, id] of [
      ['frontend', 'NT-GW-002'],
      ['nobody', 'NT-GW-003'],
      ['wrong-port', 'NT-GW-004'],
    ] as const) {
      const report = await served(() => asked(), gatewayObject(), route({ name, port: 80 }));
      expectFirst(report, {
        id,
        severity: 'critical',
        says: /HTTPRoute \S+\/web \(host .*, path \/ \(PathPrefix\)\) leads it to /,
      });
    }
  });

  test('NT-GW-005: the route names another Gateway', async () => {
    const report = await served(
      () => asked(),
      gatewayObject(),
      route(undefined, { parentRefs: [{ name: 'public' }] }),
    );
    expectFirst(report, {
      id: 'NT-GW-005',
      severity: 'critical',
      says: /it names Gateway \S+\/public, which does not exist/,
    });
  });

  test('NT-GW-006: no hostname in common, and another namespace', async () => {
    const hostnames = await served(() => asked(), gatewayObject({ hostname: '*.example.com' }), route());
    expectFirst(hostnames, {
      id: 'NT-GW-006',
      severity: 'critical',
      says: /its hostnames .* and those of the listeners \(http: \*\.example\.com\) have no name in common/,
    });
    await other.apply(route());
    const foreign = await served(() => asked(), gatewayObject());
    expectFirst(foreign, {
      id: 'NT-GW-006',
      severity: 'critical',
      says: /listener http takes routes of the Gateway's own namespace alone/,
    });
    const open = await served(
      () => asked(),
      gatewayObject({ allowedRoutes: { namespaces: { from: 'All' } } }),
    );
    expectSilence(open);
    await other.kubectl(['delete', 'httproute', 'web']);
  });

  test('NT-GW-006 and NT-GW-007: what the controller says of the route', async () => {
    const said = (type: string, reason: string, message: string) => {
      const lastTransitionTime = new Date().toISOString();
      const conditions = [
        { type, status: 'False', reason, message, lastTransitionTime, observedGeneration: 1 },
      ];
      return { parents: [{ controllerName: 'example.com/test', parentRef: { name: 'gw' }, conditions }] };
    };
    const work = async (value: object): Promise<Report> => {
      await status('httproute', 'web', value);
      return asked();
    };
    const refused = await served(
      () => work(said('Accepted', 'NotAllowedByListeners', 'not here')),
      gatewayObject({ hostname: 'shop.example.com' }),
      route(),
    );
    expectFirst(refused, {
      id: 'NT-GW-006',
      severity: 'critical',
      says: /its controller says Accepted is False \(NotAllowedByListeners\): "not here"/,
    });
    const unresolved = await served(
      () => work(said('ResolvedRefs', 'BackendNotFound', 'no such thing')),
      gatewayObject(),
      route({ name: 'frontend', port: 80 }),
    );
    expectFirst(unresolved, {
      id: 'NT-GW-007',
      severity: 'critical',
      says: /its controller says ResolvedRefs is False \(BackendNotFound\)/,
    });
  });

  test('a rule for a header that the request has not is no cause', async () => {
    const canary = {
      matches: [{ headers: [{ name: 'x-canary', value: 'always' }] }],
      backendRefs: [{ name: 'nobody', port: 80 }],
    };
    const stable = (name: string) => ({ rules: [canary, { backendRefs: [{ name, port: 80 }] }] });
    expectSilence(await served(() => asked(), gatewayObject(), route({}, stable('shop'))));
    const report = await served(() => asked(), gatewayObject(), route({}, stable('wrong-port')));
    expectFirst(report, { id: 'NT-GW-004', severity: 'critical', says: /Service \S+\/wrong-port:80/ });
  });

  test('NT-GW-007: each backend has weight 0', async () => {
    const report = await served(() => asked(), gatewayObject(), route({ name: 'shop', port: 80, weight: 0 }));
    expectFirst(report, {
      id: 'NT-GW-007',
      severity: 'critical',
      says: /HTTP 500: .* takes it, and each of its backends \(shop\) has weight 0/,
    });
  });

  test('NT-GW-008: the certificate is in another namespace, and nobody allows that', async () => {
    const { cert, key } = makeCertificate(certificates, 'private', [`DNS:${host}`]);
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const data = { 'tls.crt': encoded(cert), 'tls.key': encoded(key) };
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', data };
    await other.apply({ ...secret, metadata: { name: 'www-tls' } });
    const listening = (name: string) => {
      const tls = { mode: 'Terminate', certificateRefs: [{ name, namespace: other.name }] };
      return gatewayObject({ name: 'https', port: 443, protocol: 'HTTPS', tls });
    };
    const secure = () => asked(`https://${host}/`);
    const ungranted = await served(secure, listening('www-tls'), route());
    expectFirst(ungranted, {
      id: 'NT-GW-008',
      severity: 'critical',
      says: /gets no TLS connection: Gateway \S+\/gw names Secret www-tls for \S+, which is in \S+, and no ReferenceGrant there allows/,
    });
    await other.apply({
      apiVersion: `${GROUP}/v1beta1`,
      kind: 'ReferenceGrant',
      metadata: { name: 'certificates' },
      spec: {
        from: [{ group: GROUP, kind: 'Gateway', namespace: ns.name }],
        to: [{ group: '', kind: 'Secret' }],
      },
    });
    // Signed by nobody that the image knows, and right all the same.
    expectSilence(await served(secure, listening('www-tls'), route()));
    const missing = await served(secure, listening('other-tls'), route());
    expectFirst(missing, {
      id: 'NT-GW-008',
      severity: 'critical',
      says: /gets no TLS connection: Gateway \S+\/gw names Secret other-tls for \S+, which is not in \S+\.$/,
    });
    await other.kubectl(['delete', 'referencegrant', 'certificates']);
  });

  test('what may not be read is not called missing', async () => {
    const elsewhere = gatewayObject({ allowedRoutes: { namespaces: { from: 'All' } } });
    await other.apply(elsewhere);
    const all = (apiGroups: string[], resources: string[], verbs: string[]) => ({
      apiGroups,
      resources,
      verbs,
    });
    const reader = await accountWith(ns, 'reader', [
      all([''], ['pods', 'services', 'pods/exec'], ['get', 'list', 'watch', 'create']),
      all([''], ['pods/ephemeralcontainers'], ['patch']),
      all(['discovery.k8s.io'], ['endpointslices'], ['list']),
      all(['networking.k8s.io'], ['ingresses'], ['list']),
      all([GROUP], ['gateways', 'httproutes', 'grpcroutes', 'referencegrants'], ['list']),
    ]);
    const parentRefs = [{ name: 'gw', namespace: other.name }];
    const foreign = { name: 'shop', port: 80, namespace: other.name };
    const asReader = async (): Promise<readonly string[]> => {
      const report = await checkReport('diagnose', [
        ...['client', '-n', ns.name, '--to', `http://${host}/`],
        ...reader,
      ]);
      return problems(report).flatMap(({ id, summary }) => (id.startsWith('NT-GW') ? [summary] : []));
    };
    expect(await served(asReader, route(undefined, { parentRefs }))).toEqual([]);
    // A grant of the other namespace is not seen, though it is missing for real here.
    expect(await served(asReader, gatewayObject(), route(foreign))).toEqual([]);
    await other.kubectl(['delete', 'gateway', 'gw']);
  });

  test('who answers 404 is not known where no rule may be read, and that is no pass', async () => {
    const blind = await accountWith(ns, 'blind', [
      {
        apiGroups: [''],
        resources: ['pods', 'services', 'pods/exec'],
        verbs: ['get', 'list', 'watch', 'create'],
      },
      { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
    ]);
    const asBlind = (url: string): Promise<Report> =>
      checkReport('diagnose', ['client', '-n', ns.name, '--to', url, ...blind]);
    const lost = await served(() => asBlind(`http://${host}/`), ingress({ host: 'shop.example.com' }));
    expect(lost.verdict).toBe('unknown');
    expect(lost.checks.find(({ id }) => id === 'gateway')?.summary).toMatch(
      /HTTP 404\. No rule that is known takes it, and objects that were not read may have one/,
    );
    // Its twin has a rule that takes it.
    const found = await served(() => asBlind(`http://${host}/`), ingress());
    expect(found.checks.find(({ id }) => id === 'gateway')?.status).toBe('skip');
    expect(found.verdict).toBe('pass');
  });

  test('NT-GW-007: a Service of another namespace needs its leave', async () => {
    const foreign = { name: 'shop', port: 80, namespace: other.name };
    const report = await served(() => asked(), gatewayObject(), route(foreign));
    expectFirst(report, {
      id: 'NT-GW-007',
      severity: 'critical',
      says: /HTTP 500: .* it leads to Service shop in \S+, and no ReferenceGrant there allows references of HTTPRoutes/,
    });
    const from = [{ group: GROUP, kind: 'HTTPRoute', namespace: ns.name }];
    const grant = {
      apiVersion: `${GROUP}/v1beta1`,
      kind: 'ReferenceGrant',
      metadata: { name: 'web' },
      spec: { from, to: [{ group: '', kind: 'Service' }] },
    };
    await other.apply(grant);
    expectSilence(await served(() => asked(), gatewayObject(), route(foreign)));
  });
});
