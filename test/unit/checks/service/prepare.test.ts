import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../../../src/checks/service/facts.ts';
import prepare from '../../../../src/checks/service/prepare.ts';
import {
  behind,
  contextOf,
  DUAL,
  PATHS,
  pod,
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
