import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../../../src/checks/service/facts.ts';
import prepare from '../../../../src/checks/service/prepare.ts';
import {
  behind,
  contextOf,
  DUAL,
  PATHS,
  pod,
  SHOP,
  service,
  serving,
  slice,
  subjectOf,
} from '../../cluster/objects.ts';

type Place = Parameters<typeof serving>;

async function prepared(place: Place, to: readonly string[], own?: string[], isHost = false) {
  const { server, cluster } = await serving(...place);
  const input = await prepare(await contextOf({ ...subjectOf(cluster, own), isHost }, to));
  return { services: input?.services ?? [], unread: input?.unread, requests: server.requests };
}
const addresses = ({ endpoints }: ServiceInfo) => endpoints.map(({ address }) => address);

const PODS = { [PATHS.pods]: [pod('db-1', ['10.0.0.1'])] };
const ONE = {
  ...PODS,
  [PATHS.services]: [service(['10.96.0.5'])],
  [PATHS.slices]: [slice([behind('db-1', '10.0.0.1')])],
};

describe('the input of the service check', () => {
  it('needs of the API what DESTs were resolved by, and the pods', async () => {
    const { services, unread, requests } = await prepared([ONE], ['svc/db:sql']);
    expect(services).toMatchObject([
      { id: 'svc0', label: 'svc/db:sql', clusterIp: '10.96.0.5', port: 80, ready: 1, selected: 1 },
    ]);
    expect(unread).toBeUndefined();
    expect(requests).toHaveLength(3);
  });

  it('has each Service once, with each of its ports and protocols', async () => {
    const ports = [80, 81].flatMap((port) =>
      ['TCP', 'UDP'].map((protocol) => ({ name: `p${port}-${protocol.toLowerCase()}`, port, protocol })),
    );
    const lists = { ...ONE, [PATHS.services]: [service(['10.96.0.5'], { ports })] };
    const to = ['svc/db', 'svc/db', 'svc/db:81', 'services/db:81', 'svc/db:81/udp'];
    const { services, requests } = await prepared([lists], to);
    expect(services.map(({ id, label, port, protocol }) => [id, label, port, protocol])).toEqual([
      ['svc0', 'svc/db', 80, 'tcp'],
      ['svc1', 'svc/db:81', 81, 'tcp'],
      ['svc2', 'svc/db:81/udp', 81, 'udp'],
    ]);
    expect(requests).toHaveLength(3);
  });

  it.each([
    ['alone', [], true],
    ['beside UDP of the same number', [{ name: 'u', port: 80, protocol: 'UDP', targetPort: 9 }], false],
    [
      'beside UDP to the same port of its pods',
      [{ name: 'u', port: 9, protocol: 'UDP', targetPort: 'sql' }],
      false,
    ],
    ['beside UDP of its own', [{ name: 'u', port: 9, protocol: 'UDP', targetPort: 9 }], true],
  ])('says whether a port is TCP alone: %s', async (_what, more, isTcpAlone) => {
    const ports = [{ name: 'sql', port: 80, protocol: 'TCP', targetPort: 'sql' }, ...more];
    const lists = { ...ONE, [PATHS.services]: [service(['10.96.0.5'], { ports })] };
    expect((await prepared([lists], ['svc/db:80'])).services).toMatchObject([{ isTcpAlone }]);
  });

  it('takes a port for none of TCP alone that its pods declare for both', async () => {
    const both = (second: string) =>
      pod('db-1', ['10.0.0.1'], {
        containers: [
          {
            name: 'app',
            ports: [
              { name: 'sql', containerPort: 5432 },
              { containerPort: 5432, protocol: second },
            ],
          },
        ],
      });
    const of = async (second: string) =>
      (await prepared([{ ...ONE, [PATHS.pods]: [both(second)] }], ['svc/db'])).services[0]?.isTcpAlone;
    expect([await of('UDP'), await of('SCTP')]).toEqual([false, true]);
  });

  it('has a Service of two families as one of each, with each pod once', async () => {
    const { services, unread } = await prepared([DUAL], ['svc/db']);
    expect(services).toMatchObject([
      { id: 'svc0', label: 'svc/db', clusterIp: '10.96.0.5', ready: 3 },
      { id: 'svc1', label: 'svc/db (IPv6)', clusterIp: 'fd00:96::5', ready: 3, isOtherFamily: true },
    ]);
    expect(services.map(addresses)).toEqual([
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      ['fd00::1', 'fd00::2', 'fd00::3'],
    ]);
    expect(unread).toBeUndefined();
  });

  it.each([
    [['10.0.0.9'], 'IPv6', 'the target has no IPv6 address'],
    [['fd00::9'], 'IPv4', 'the target has no IPv4 address'],
    [[], 'IPv6', 'the API does not say which addresses the target has'],
  ])('says which family was not looked at from %j', async (own, family, reason) => {
    const { services, unread } = await prepared([DUAL], ['svc/db'], own);
    expect(services).toHaveLength(1);
    // Its name is looked at all the same.
    expect(services[0]).not.toHaveProperty('isOtherFamily');
    expect(unread).toEqual([{ what: `${services[0]?.label} over ${family}`, reason }]);
  });

  it('says of a headless Service that each pod is looked at over one family', async () => {
    const lists = { ...DUAL, [PATHS.services]: [service(['None'], { ipFamilies: ['IPv4', 'IPv6'] })] };
    const { services, unread } = await prepared([lists], ['svc/db']);
    expect(services.map(({ ready, clusterIp }) => [ready, clusterIp])).toEqual([[3, undefined]]);
    expect(unread).toEqual([
      { what: 'svc/db over IPv6', reason: 'of a headless Service, one address of each pod is looked at' },
    ]);
  });

  it('says of pods why they are no endpoints of a family', async () => {
    const v4 = slice([1, 2, 3].map((i) => behind(`db-${i}`, `10.0.0.${i}`)));
    const lists = { ...DUAL, ...PODS, [PATHS.slices]: [v4] };
    const { services } = await prepared([lists], ['svc/db']);
    expect(services).toMatchObject([
      { label: 'svc/db', ready: 3, notReady: [] },
      { label: 'svc/db (IPv6)', ready: 0, notReady: [{ pod: 'db-1', reason: 'has no IPv6 address' }] },
    ]);
  });

  it('looks at the name of a Service that is called by two, however often', async () => {
    const { services } = await prepared([ONE], ['svc/db', 'svc/db.shop']);
    expect(services.map(({ label, isOtherFamily }) => [label, isOtherFamily])).toEqual([
      ['svc/db', undefined],
      ['svc/db.shop', undefined],
    ]);
  });

  it('compares the rules of a node with the endpoints of their family', async () => {
    const { services } = await prepared([DUAL], ['svc/db'], undefined, true);
    expect(services.map(({ proxied }) => proxied?.ready.map(({ address }) => address))).toEqual(
      services.map(addresses),
    );
  });

  it.each(['service.cilium.io/global', 'io.cilium/global-service'])('knows %s', async (name) => {
    const one = service(['10.96.0.5']);
    const lists = (value: string) => ({
      ...ONE,
      [PATHS.services]: [{ ...one, metadata: { ...one.metadata, annotations: { [name]: value } } }],
    });
    expect((await prepared([lists('true')], ['svc/db'])).services).toMatchObject([{ isGlobal: true }]);
    expect((await prepared([lists('false')], ['svc/db'])).services[0]).not.toHaveProperty('isGlobal');
  });

  it('tells endpoints that are leaving from those that are ready', async () => {
    const leaving = { ready: false, serving: true, terminating: true };
    const slices = [
      slice([behind('db-1', '10.0.0.1', leaving), behind('db-2', '10.0.0.2', { ready: false })]),
    ];
    const { services } = await prepared([{ ...ONE, [PATHS.slices]: slices }], ['svc/db']);
    expect(services).toMatchObject([{ ready: 0, leaving: 1, endpoints: [] }]);
  });

  it.each([
    ['of another name', [{ name: 'http', port: 5432, protocol: 'TCP' }], ['http (5432/TCP)']],
    ['of another protocol', [{ name: 'sql', port: 5432, protocol: 'UDP' }], ['sql (5432/UDP)']],
    ['without a name', [{ port: 5432 }], ['5432/TCP']],
  ])('has the ports of slices %s', async (_what, ports, offers) => {
    const lists = { ...ONE, [PATHS.slices]: [slice([behind('db-1', '10.0.0.1')], ports)] };
    const { services } = await prepared([lists], ['svc/db']);
    expect(services[0]).toMatchObject({ ready: 0, otherPorts: [{ offers, wanted: 'sql' }] });
  });

  it('knows the ports of sidecars', async () => {
    const sidecar = {
      name: 'proxy',
      restartPolicy: 'Always',
      ports: [{ name: 'envoy', containerPort: 15001 }],
    };
    const ports = [{ name: 'sql', port: 80, protocol: 'TCP', targetPort: 'envoy' }];
    const lists = {
      ...ONE,
      [PATHS.services]: [service(['10.96.0.5'], { ports })],
      [PATHS.pods]: [pod('db-1', ['10.0.0.1'], { containers: [], initContainers: [sidecar] })],
    };
    const none = { ...lists, [PATHS.slices]: [] };
    expect((await prepared([none], ['svc/db'])).services).toMatchObject([{ isPortUnnamed: false }]);
    const { services } = await prepared([lists], ['svc/db']);
    expect(services[0]?.endpoints).toMatchObject([{ otherPorts: [15001] }]);
  });

  it('has an alias by the name that the user called it', async () => {
    const spec = {
      type: 'ExternalName',
      externalName: 'example.com',
      clusterIP: undefined,
      selector: undefined,
    };
    const lists = { [PATHS.services]: [service([], spec)], [PATHS.slices]: [] };
    expect((await prepared([lists], ['svc/db:80'])).services).toMatchObject([
      { label: 'svc/db:80', type: 'ExternalName', externalName: 'example.com', endpoints: [] },
    ]);
  });

  it.each([
    ['goes on without the pods where they may not be listed', 403, undefined],
    [
      'says so where they cannot be listed',
      500,
      [{ what: 'the pods that svc/db selects', reason: 'the server said Fault500' }],
    ],
  ])('%s', async (_what, status, told) => {
    const { services, unread } = await prepared([ONE, { [PATHS.pods]: { status } }], ['svc/db']);
    expect(services).toMatchObject([{ ready: 1 }]);
    expect(services[0]).not.toHaveProperty('selected');
    expect(unread).toEqual(told);
  });

  it('is none without a Service among DESTs', async () => {
    expect((await prepared([ONE], ['example.com', 'pod/db-1'])).services).toEqual([]);
  });
});

describe('hosts that are names of Services', () => {
  const PORTS = [
    { name: 'sql', port: 80, protocol: 'TCP', targetPort: 'sql' },
    { name: 'tls', port: 443, protocol: 'TCP', targetPort: 'sql' },
    { name: 'alt', port: 8443, protocol: 'TCP', targetPort: 'sql' },
  ];
  const EMPTY = {
    ...PODS,
    [PATHS.services]: [service(['10.96.0.5'], { ports: PORTS })],
    [PATHS.slices]: [],
  };
  const from = async (to: readonly string[], spec: object = {}, place: Place = [EMPTY]) => {
    const { server, cluster } = await serving(...place);
    const own = pod('web', ['10.0.0.9'], spec) as unknown as NonNullable<ReturnType<typeof subjectOf>['pod']>;
    const input = await prepare(await contextOf({ ...subjectOf(cluster), pod: own }, to));
    return { services: input?.services ?? [], requests: server.requests };
  };

  it.each([
    ['http://db/', 80],
    ['https://db/cart', 443],
    ['http://DB.shop:8443/', 8443],
    ['http://db.shop.svc/', 80],
    ['http://db.shop.svc.cluster.local/', 80],
    ['http://db.shop.svc.cluster.local./', 80],
    ['db.shop:8443', 8443],
    ['db.shop.svc.cluster.local.:80', 80],
  ])('%s is one that has nobody to send to, by its port', async (to, port) => {
    const { services } = await from([to]);
    expect(services).toMatchObject([
      { id: 'svc0', label: to, name: 'db', namespace: SHOP, port, clusterIp: '10.96.0.5', ready: 0 },
    ]);
  });

  it.each<[string, string, object, Place[0]]>([
    ['has one', 'http://db/', {}, ONE],
    ['does not have the port', 'http://db:81/', {}, EMPTY],
    ['is of another domain by its dot', 'http://db.shop./', {}, EMPTY],
    ['is of several clusters', 'http://db.shop.svc.clusterset.local/', {}, EMPTY],
    ['is called by another resolver', 'http://db/', { dnsPolicy: 'Default' }, EMPTY],
    [
      'is hidden by the hosts file',
      'http://db/',
      { hostAliases: [{ ip: '192.0.2.1', hostnames: ['db'] }] },
      EMPTY,
    ],
    ['is not there', 'http://example.com/', {}, EMPTY],
    ['has no port that is asked for', 'db', {}, EMPTY],
  ])('says nothing of one that %s', async (_what, to, spec, lists) => {
    expect((await from([to], spec, [lists])).services).toEqual([]);
  });

  describe('that is headless', () => {
    const headless = (port: number) => ({
      ...ONE,
      [PATHS.services]: [service(['None'], { clusterIP: 'None', ports: [{ ...PORTS[0], port }] })],
    });

    it('has those whose pods have the port under another number, with their pods', async () => {
      const { services } = await from(['http://db/'], {}, [headless(80)]);
      expect(services).toMatchObject([
        { id: 'svc0', label: 'http://db/', isHost: true, port: 80, ready: 1, endpoints: [{ port: 5432 }] },
      ]);
      expect(services[0]).not.toHaveProperty('clusterIp');
    });

    it('has none that has the port of its pods', async () => {
      expect((await from(['db:5432'], {}, [headless(5432)])).services).toEqual([]);
    });
  });

  it('has it beside those that are named as Services, and none that may not be read', async () => {
    const { services } = await from(['svc/db', 'http://db/']);
    expect(services.map(({ id, label }) => [id, label])).toEqual([
      ['svc0', 'svc/db'],
      ['svc1', 'http://db/'],
    ]);
    const hidden = await from(['http://db/'], {}, [EMPTY, { [`${PATHS.services}/db`]: { status: 403 } }]);
    expect(hidden.services).toEqual([]);
  });
});

describe('why a pod is no endpoint', () => {
  const reason = async (status: object, spec: object = {}) => {
    const own = pod('db-1', ['10.0.0.1'], spec);
    const lists = {
      ...ONE,
      [PATHS.slices]: [],
      [PATHS.pods]: [
        { ...own, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }], ...status } },
      ],
    };
    return (await prepared([lists], ['svc/db'])).services[0]?.notReady[0]?.reason;
  };
  const containers = (container: object) => ({ containers: [{ name: 'app', ...container }] });
  const ended = { reason: 'Error', exitCode: 1 };

  it.each<[string, object, object]>([
    [
      'container app is not ready, by its readinessProbe (HTTPS /up at port 9999)',
      { containerStatuses: [{ name: 'app', ready: false, state: { running: {} } }] },
      containers({ readinessProbe: { httpGet: { path: '/up', port: 9999, scheme: 'HTTPS' } } }),
    ],
    [
      'container app is not ready, by its readinessProbe (TCP port sql)',
      { containerStatuses: [{ name: 'app', ready: false, state: { running: {} } }] },
      containers({ readinessProbe: { tcpSocket: { port: 'sql' } } }),
    ],
    [
      'container app is not ready',
      { containerStatuses: [{ name: 'app', ready: false, state: { running: {} } }] },
      containers({ readinessProbe: { exec: { command: ['true'] } } }),
    ],
    [
      'container app is not ready (Error, exit code 1)',
      { containerStatuses: [{ name: 'app', ready: false, state: { terminated: ended } }] },
      {},
    ],
    [
      'CrashLoopBackOff (Error, exit code 1)',
      {
        containerStatuses: [
          {
            name: 'app',
            ready: false,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: ended },
          },
        ],
      },
      {},
    ],
    [
      'Evicted: The node was low on resource: ephemeral-storage.',
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' },
      {},
    ],
    [
      'its containers are ready, and its readiness gate example.com/attached is not met',
      { containerStatuses: [{ name: 'app', ready: true }] },
      { readinessGates: [{ conditionType: 'example.com/attached' }] },
    ],
    [
      'its containers were ready when node n7 was last heard of: see whether the node is',
      { containerStatuses: [{ name: 'app', ready: true }] },
      { nodeName: 'n7' },
    ],
    ['Pending', { phase: 'Pending' }, {}],
  ])('%s', async (text, status, spec) => {
    expect(await reason(status, spec)).toBe(text);
  });
});

describe('a container that was just started', () => {
  const NOW = Date.now();
  const fresh = async (
    container: object,
    secondsAgo: number,
    more: readonly object[] = [],
    said: object = {},
  ) => {
    const own = pod('db-1', ['10.0.0.1'], {
      containers: [{ name: 'app', ports: [{ name: 'sql', containerPort: 5432 }], ...container }, ...more],
    });
    const startedAt = new Date(NOW - secondsAgo * 1000).toISOString();
    const containerStatuses = [{ name: 'app', state: { running: { startedAt } }, ...said }];
    const status = { ...own.status, containerStatuses };
    const { services } = await prepared([{ ...ONE, [PATHS.pods]: [{ ...own, status }] }], ['svc/db']);
    return services[0]?.endpoints[0]?.unprobed;
  };
  const probe = { tcpSocket: { port: 5432 } };

  it('is known with how it ended before', async () => {
    const terminated = { reason: 'OOMKilled', exitCode: 137 };
    expect(await fresh({}, 20, [], { lastState: { terminated } })).toMatchObject({
      ended: '(OOMKilled, exit code 137)',
    });
    expect(await fresh({}, 20)).not.toHaveProperty('ended');
  });

  it('is known where nobody asks its program', async () => {
    expect(await fresh({}, 20)).toMatchObject({ container: 'app' });
    expect(await fresh({}, 20, [{ name: 'log' }])).toMatchObject({ container: 'app' });
  });

  it.each<[string, object, number, object[]]>([
    ['has a readinessProbe', { readinessProbe: probe }, 20, []],
    ['has a startupProbe', { startupProbe: probe }, 20, []],
    ['runs for two minutes', {}, 120, []],
    ['was started after now, by a clock that is another', {}, -3000, []],
    ['does not declare the port, which may be a wrong one', { ports: [] }, 20, []],
  ])('is not where it %s', async (_what, container, seconds, more) => {
    expect(await fresh(container, seconds, more)).toBeUndefined();
  });
});

describe('endpoints that somebody wrote by hand', () => {
  const NODES = [
    { metadata: { name: 'node1' }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] } },
    { metadata: { name: 'node2' }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] } },
  ];
  const ports = [{ name: 'sql', port: 80, protocol: 'TCP', targetPort: 5432, nodePort: 30080 }];
  const inner = {
    ...service(['10.96.0.6'], { type: 'NodePort', ports }),
    metadata: { namespace: SHOP, name: 'inner' },
  };
  const ofWritten = async (address: string, port: number, endpoint: object = { addresses: [address] }) => {
    const lists = {
      ...PODS,
      [PATHS.services]: [service(['10.96.0.5'], { selector: undefined }), inner],
      '/api/v1/services': [inner],
      '/api/v1/nodes': NODES,
      [PATHS.slices]: [
        slice([endpoint as Parameters<typeof slice>[0][number]], [{ name: 'sql', port, protocol: 'TCP' }]),
      ],
    };
    const { cluster, server } = await serving(lists);
    const input = await prepare(await contextOf({ ...subjectOf(cluster), node: 'node1' }, ['svc/db']));
    return { endpoint: input?.services[0]?.endpoints[0], requests: server.requests };
  };

  it("are known as a NodePort of the target's node", async () => {
    expect((await ofWritten('192.0.2.1', 30080)).endpoint).toMatchObject({ ownNodePort: 'svc/inner' });
  });

  it.each([
    ['another node', '192.0.2.2', 30080],
    ['another port', '192.0.2.1', 30081],
    ['nobody of the cluster', '203.0.113.5', 30080],
  ])('are none where it is of %s', async (_what, address, port) => {
    expect((await ofWritten(address, port)).endpoint).not.toHaveProperty('ownNodePort');
  });

  it('are asked for alone: of a pod nothing is', async () => {
    const { requests } = await ofWritten('10.0.0.1', 30080, behind('db-1', '10.0.0.1'));
    expect(requests.filter((one) => one.includes('/api/v1/nodes'))).toEqual([]);
  });
});
