import { describe, expect, it } from 'vitest';
import { askedDestinations } from '../../../src/cluster/destinations.ts';
import { behind, DUAL, PATHS, pod, SHOP, service, serving, slice, subjectOf } from './objects.ts';

type Lists = Parameters<typeof serving>[0];

async function asked(lists: Lists, to: string, own?: string[]) {
  const { cluster } = await serving(lists);
  return askedDestinations(subjectOf(cluster, own), [to]);
}
const places = (found: Awaited<ReturnType<typeof asked>>) =>
  found.map(({ label, host, port }) => `${label} ${host} ${port}`);

const SINGLE = {
  [PATHS.services]: [service(['10.96.0.5'])],
  [PATHS.slices]: [slice([behind('db-1', '10.0.0.1'), behind('db-2', '10.0.0.2', { ready: false })])],
};

it('the same DEST named twice is one', async () => {
  const { cluster } = await serving({});
  const found = await askedDestinations(subjectOf(cluster), ['a.test:80', 'b.test:80', 'a.test:80']);
  expect(found.map(({ id, label }) => `${id} ${label}`)).toEqual(['to0 a.test:80', 'to1 b.test:80']);
});

describe('a DEST that is a Service', () => {
  it('is its address and every ready endpoint, and both say of what', async () => {
    const found = await asked(SINGLE, 'svc/db:sql');
    expect(places(found)).toEqual(['svc/db:sql 10.96.0.5 80', 'svc/db:sql → db-1 10.0.0.1 5432']);
    for (const { ref } of found) {
      expect(ref).toEqual({ kind: 'service', namespace: SHOP, name: 'db', port: 'sql' });
    }
    expect(found[1]).toMatchObject({
      id: 'to1',
      pod: { namespace: SHOP, name: 'db-1' },
      service: { total: 1 },
    });
  });

  it.each(['svc/db.prod', 'services/db.prod:80', 'SVC/db.prod:80/udp'])(
    'may be of another namespace: %s',
    async (to) => {
      const ports = ['TCP', 'UDP'].map((protocol) => ({ name: 'sql', port: 80, protocol }));
      const found = await asked(
        {
          '/api/v1/namespaces/prod/services': [service(['10.96.0.5'], { ports })],
          '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices': [],
        },
        to,
      );
      expect(found.map(({ ref }) => ref)).toMatchObject([{ namespace: 'prod', name: 'db' }]);
    },
  );

  it('of two families is looked at in each, and no endpoint is counted twice', async () => {
    const found = await asked(DUAL, 'svc/db');
    expect(places(found)).toEqual([
      'svc/db 10.96.0.5 80',
      'svc/db → db-1 10.0.0.1 5432',
      'svc/db → db-2 10.0.0.2 5432',
      'svc/db → db-3 10.0.0.3 5432',
      'svc/db (IPv6) fd00:96::5 80',
      'svc/db (IPv6) → db-1 fd00::1 5432',
      'svc/db (IPv6) → db-2 fd00::2 5432',
      'svc/db (IPv6) → db-3 fd00::3 5432',
    ]);
    expect(new Set(found.flatMap(({ service }) => service?.total ?? []))).toEqual(new Set([3]));
  });

  it.each([
    ['IPv4', ['10.0.0.9'], ['svc/db 10.96.0.5 80']],
    ['IPv6', ['fd00::9'], ['svc/db (IPv6) fd00:96::5 80']],
    ['not known', [], ['svc/db 10.96.0.5 80']],
  ])('of two families is looked at in that of the target: %s', async (_family, own, virtual) => {
    const found = await asked(DUAL, 'svc/db', own);
    expect(places(found.filter(({ service }) => service?.part === 'virtual'))).toEqual(virtual);
    expect(found).toHaveLength(4);
  });

  it('of one family is looked at in that, whatever the target has', async () => {
    expect(await asked(SINGLE, 'svc/db', ['fd00::9'])).toHaveLength(2);
  });

  it('of two families without endpoints is looked at once', async () => {
    const lists = { ...DUAL, [PATHS.slices]: [] };
    expect(places(await asked(lists, 'svc/db'))).toEqual(['svc/db 10.96.0.5 80']);
  });

  it('that is headless is each pod once', async () => {
    const lists = {
      ...DUAL,
      [PATHS.services]: [service(['None'], { ipFamilies: ['IPv4', 'IPv6'] })],
    };
    expect(places(await asked(lists, 'svc/db'))).toEqual([
      'svc/db → db-1 10.0.0.1 5432',
      'svc/db → db-2 10.0.0.2 5432',
      'svc/db → db-3 10.0.0.3 5432',
    ]);
    expect(places(await asked({ ...lists, [PATHS.slices]: [] }, 'svc/db'))).toEqual([
      'svc/db db.shop.svc 80',
    ]);
  });

  it('that is an alias is the host that it is one for, and says of which Service', async () => {
    const spec = {
      type: 'ExternalName',
      externalName: 'example.com',
      ports: undefined,
      clusterIP: undefined,
    };
    const lists = { [PATHS.services]: [service([], spec)], [PATHS.slices]: [] };
    expect(await asked(lists, 'svc/db:8443')).toMatchObject([
      { label: 'example.com:8443', host: 'example.com', ref: { kind: 'service', name: 'db', port: '8443' } },
    ]);
  });

  it.each([
    ['does not exist', 'svc/web', 'no service "web" in namespace "shop".'],
    ['has no such port', 'svc/db:81', 'service "db" has no TCP port "81" (it has: sql=80).'],
    [
      'has no such protocol',
      'svc/db/udp',
      'service "db" has no UDP port (it has: none). Its TCP ports are: sql=80; a port is TCP where its manifest names no protocol, and nodes translate no datagrams for it: if the program takes datagrams, set protocol: UDP in spec.ports.',
    ],
  ])('and %s is an error', async (_what, to, message) => {
    await expect(asked(SINGLE, to)).rejects.toMatchObject({ message, exitCode: 3 });
  });

  it.each([403, 500])('and may not or cannot be read (%i) is an error of the API', async (status) => {
    for (const path of [`${PATHS.services}/db`, PATHS.slices]) {
      const { cluster } = await serving(SINGLE, { [path]: { status } });
      await expect(askedDestinations(subjectOf(cluster), ['svc/db'])).rejects.toMatchObject({ status });
    }
  });
});

describe('a DEST that is a pod', () => {
  const sidecar = {
    name: 'proxy',
    restartPolicy: 'Always',
    ports: [{ name: 'envoy', containerPort: 15001 }],
  };
  const init = { name: 'setup', ports: [{ name: 'once', containerPort: 1 }] };
  const lists = { [PATHS.pods]: [pod('a', ['10.0.0.1'], { initContainers: [sidecar, init] })] };

  it.each([
    ['pod/a', '5432', undefined],
    ['pod/a:sql', '5432', 'sql'],
    ['pod/a:9', '9', '9'],
    // A native sidecar is a container like the others.
    ['pod/a:envoy', '15001', 'envoy'],
  ])('%s has the port %s', async (to, port, named) => {
    const [found] = await asked(lists, to);
    expect(found).toMatchObject({ host: '10.0.0.1', port, label: to });
    expect(found?.ref).toEqual({
      kind: 'pod',
      namespace: SHOP,
      name: 'a',
      ...(named === undefined ? {} : { port: named }),
    });
  });

  it.each([
    ['pod/a:once', 'pod/a has no port named "once".'],
    ['pod/b', 'no pod "b" in namespace "shop".'],
  ])('%s is an error: %s', async (to, message) => {
    await expect(asked(lists, to)).rejects.toMatchObject({ message, exitCode: 3 });
  });
});

describe('a DEST that is a host', () => {
  it('asks the API nothing', async () => {
    const { server, cluster } = await serving({});
    const [found] = await askedDestinations(subjectOf(cluster), ['example.com']);
    expect(found).not.toHaveProperty('ref');
    expect(server.requests).toEqual([]);
  });

  it('is all that there is without a cluster', async () => {
    await expect(askedDestinations({ isHost: true, addresses: [] }, ['svc/db'])).rejects.toMatchObject({
      exitCode: 2,
    });
  });
});
