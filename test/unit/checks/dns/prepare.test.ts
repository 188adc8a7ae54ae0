import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/dns/prepare.ts';
import type { Subject } from '../../../../src/cluster/subject.ts';
import { behind, contextOf, SHOP, serving, slice, subjectOf } from '../../cluster/objects.ts';

const SYSTEM = '/api/v1/namespaces/kube-system';
const PATHS = {
  services: `${SYSTEM}/services`,
  slices: '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices',
  pods: `${SYSTEM}/pods`,
  policies: '/apis/networking.k8s.io/v1/namespaces/kube-system/networkpolicies',
  own: `/apis/networking.k8s.io/v1/namespaces/${SHOP}/networkpolicies`,
  namespaces: '/api/v1/namespaces',
};

const PORTS = [
  { name: 'dns', port: 1053, protocol: 'UDP' },
  { name: 'dns-tcp', port: 2053, protocol: 'TCP' },
  { name: 'metrics', port: 9153, protocol: 'TCP' },
];
const inSystem = (name: string) => ({
  namespace: 'kube-system',
  name,
  labels: { 'kubernetes.io/service-name': 'kube-dns' },
});
const dnsSlice = (name: string, addresses: readonly string[]) => ({
  ...slice(
    addresses.map((address, i) => behind(`coredns-${i}`, address)),
    PORTS,
  ),
  metadata: inSystem(name),
});
const LISTS = {
  [PATHS.services]: [
    {
      metadata: inSystem('kube-dns'),
      spec: {
        clusterIPs: ['10.96.0.10', 'fd00:96::a'],
        ipFamilies: ['IPv4', 'IPv6'],
        selector: { 'k8s-app': 'kube-dns' },
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
    { metadata: inSystem('metrics'), spec: { ports: [{ port: 443 }] } },
  ],
  [PATHS.slices]: [dnsSlice('v6', ['fd00::a', 'fd00::b']), dnsSlice('v4', ['10.0.0.10', '10.0.0.11'])],
  [PATHS.pods]: [{ metadata: { namespace: 'kube-system', name: 'coredns-0', labels: { of: 'dns' } } }],
  [PATHS.policies]: [],
  [PATHS.own]: [{ metadata: { namespace: SHOP, name: 'deny' }, spec: { podSelector: {} } }],
  [PATHS.namespaces]: [{ metadata: { name: SHOP } }, { metadata: { name: 'kube-system' } }],
};

async function prepared(faults: Parameters<typeof serving>[1] = {}, own?: string[]) {
  const { server, cluster } = await serving(LISTS, faults);
  const input = await prepare(await contextOf(subjectOf(cluster, own)));
  return { ...input, requests: server.requests };
}

describe('what the dns check knows of the cluster', () => {
  it.each([
    [undefined, ['10.0.0.10', '10.0.0.11']],
    [['fd00::9'], ['fd00::a', 'fd00::b']],
    [[], ['10.0.0.10', '10.0.0.11']],
  ])('from %j has each server once, with the ports of its pods', async (own, addresses) => {
    const { services } = await prepared({}, own);
    expect(services.value).toMatchObject([
      { name: 'kube-dns', addresses: ['10.96.0.10', 'fd00:96::a'], endpoints: [{}, {}] },
    ]);
    const [{ endpoints } = { endpoints: [] }] = services.value ?? [];
    expect(endpoints.map(({ address }) => address)).toEqual(addresses);
    expect(endpoints[0]).toMatchObject({ udpPort: 1053, tcpPort: 2053, pod: 'coredns-0' });
  });

  it('has the names of --to that are looked up, and those that are too many', async () => {
    const { cluster } = await serving(LISTS);
    const names = Array.from({ length: 10 }, (_, i) => `n${i}.example.com`);
    const context = await contextOf(
      subjectOf(cluster),
      names.map((name) => `${name}:80`),
    );
    expect(await prepare(context)).toMatchObject({
      destinations: names.slice(0, 8),
      leftOut: names.slice(8),
    });
    expect(await prepare(await contextOf(subjectOf(cluster), ['n0.example.com:80']))).not.toHaveProperty(
      'leftOut',
    );
  });

  it('has the labels of the pods that the Service selects, and reads no others', async () => {
    const { services, requests } = await prepared();
    expect(services.value?.[0]?.endpoints.map(({ end }) => end?.pod?.labels)).toEqual([
      { of: 'dns' },
      { 'k8s-app': 'kube-dns' },
    ]);
    expect(requests.filter((one) => one.includes('/pods'))).toEqual([
      `GET ${PATHS.pods}?labelSelector=k8s-app%3Dkube-dns&limit=500`,
    ]);
  });

  it.each([
    [403, PATHS.services, 'you may not read Services in kube-system'],
    [500, PATHS.services, 'the server said Fault500'],
    [403, PATHS.slices, 'you may not read EndpointSlices in kube-system'],
  ])('says where Services are not read (%i of %s)', async (status, path, skipped) => {
    expect((await prepared({ [path]: { status } })).services).toEqual({ skipped });
  });

  it.each([
    [403, 'you may not read NetworkPolicies in shop'],
    [500, 'the server said Fault500'],
  ])('says where policies are not read (%i)', async (status, skipped) => {
    expect((await prepared({ [PATHS.own]: { status } })).policies).toEqual({ skipped });
  });

  it('says which part of what decides is not read', async () => {
    const status = 403;
    const { policies } = await prepared({ [PATHS.policies]: { status }, [PATHS.pods]: { status } });
    expect(policies.value?.unread).toEqual([
      {
        what: "what the DNS servers' own NetworkPolicies say (NT-DNS-008)",
        reason: 'you may not read NetworkPolicies in kube-system',
      },
      {
        what: 'labels of the DNS servers that NetworkPolicies select by',
        reason: 'you may not read pods in kube-system',
      },
    ]);
  });
});

describe('the input of a container', () => {
  it.each([
    [true, { servers: ['192.0.2.53'], gateways: ['10.89.0.1'] }],
    [false, { servers: ['192.0.2.53'] }],
  ])('has gateways where the engine is podman: %s', async (isPodman, docker) => {
    const container = {
      Id: 'none',
      State: { Pid: 0 },
      HostConfig: { NetworkMode: 'lan', Dns: ['192.0.2.53'] },
      NetworkSettings: { Networks: { lan: { Gateway: '10.89.0.1' }, bare: { Gateway: '' } } },
    };
    const engine = { client: { isPodman }, container } as unknown as NonNullable<Subject['docker']>;
    const context = await contextOf({ isHost: false, addresses: [], docker: engine });
    expect(await prepare(context)).toMatchObject({ docker });
    expect('gateways' in ((await prepare(context))?.docker ?? {})).toBe(isPodman);
  });
});
