/** Endpoints whose pods are not there. */
import { describe, expect, it } from 'vitest';
import { staleEndpoints } from '../../../../src/checks/service/prepare-stale.ts';
import { type Endpoint, endpointsOf } from '../../../../src/cluster/services.ts';
import type { ClusterView } from '../../../../src/model/cluster-view.ts';
import type { EndpointSlice, Pod } from '../../../../src/model/kube-objects.ts';

const slice = (name: string, ...addresses: readonly string[]): EndpointSlice =>
  ({
    metadata: { name, labels: { 'endpointslice.kubernetes.io/managed-by': 'me' } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({
      addresses: [address],
      targetRef: { kind: 'Pod', name: 'shop' },
    })),
  }) as unknown as EndpointSlice;
const podAt = (...ips: readonly string[]): Pod =>
  ({ metadata: { name: 'shop' }, status: { podIPs: ips.map((ip) => ({ ip })) } }) as unknown as Pod;

async function staleOf(pod: Pod | null | undefined, listed?: readonly Pod[]): Promise<readonly object[]> {
  const asked: string[] = [];
  const cluster = {
    pod: async (_namespace: string, name: string) => {
      asked.push(name);
      return pod === undefined ? { error: new Error('denied'), denied: 'pods' } : { value: pod };
    },
  } as unknown as ClusterView;
  const slices = [slice('shop-1', '198.51.100.5')];
  const found = await staleEndpoints(cluster, 'default', endpointsOf(slices), slices, listed);
  return [...found.values(), ...asked.map((name) => ({ asked: name }))];
}

describe('endpoints and their pods', () => {
  it('asks for nothing where the selected pods have the addresses', async () => {
    expect(await staleOf(null, [podAt('198.51.100.5')])).toEqual([]);
  });

  it.each<[string, Pod | null | undefined, object[]]>([
    ['no such pod', null, [{ slice: 'shop-1', keeper: 'me' }]],
    [
      'at another address',
      podAt('198.51.100.9'),
      [{ slice: 'shop-1', keeper: 'me', podAddresses: ['198.51.100.9'] }],
    ],
    ['not there yet', podAt(), [{ slice: 'shop-1', keeper: 'me', podAddresses: [] }]],
    ['there', podAt('198.51.100.5'), []],
    ['with no address of that family in the API', podAt('2001:db8::5'), []],
    ['not known', undefined, []],
  ])('%s', async (_what, pod, expected) => {
    expect(await staleOf(pod)).toEqual([...expected, { asked: 'shop' }]);
  });
});

it('an endpoint that two slices have is one', () => {
  const ends: readonly Endpoint[] = endpointsOf([
    slice('a', '198.51.100.5'),
    slice('b', '198.51.100.5', '198.51.100.6'),
  ]);
  expect(ends.map(({ address }) => address)).toEqual(['198.51.100.5', '198.51.100.6']);
});

it.each([
  { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-mesh-controller.cilium.io' },
  {
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.example.com',
    'multicluster.kubernetes.io/source-cluster': 'west',
  },
])('pods of another cluster are not looked for here: %s', async (labels) => {
  const one = slice('shop-west', '198.51.100.5');
  const slices = [{ ...one, metadata: { ...one.metadata, labels } }];
  const cluster = { pod: async () => ({ value: null }) } as unknown as ClusterView;
  expect((await staleEndpoints(cluster, 'default', endpointsOf(slices), slices, [])).size).toBe(0);
});

it('a pod of another namespace is not looked for in that of the Service', () => {
  const one = slice('shop-1', '198.51.100.5');
  const of = (namespace: string): string | undefined =>
    endpointsOf([
      {
        ...one,
        metadata: { ...one.metadata, namespace: 'default' },
        endpoints: [{ addresses: ['198.51.100.5'], targetRef: { kind: 'Pod', name: 'shop', namespace } }],
      },
    ])[0]?.pod;
  expect([of('default'), of('other')]).toEqual(['shop', undefined]);
});
