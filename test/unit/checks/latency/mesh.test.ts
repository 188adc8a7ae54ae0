import { describe, expect, it } from 'vitest';
import { modeOf } from '../../../../src/checks/latency/mesh.ts';
import { meshWays } from '../../../../src/checks/latency/prepare-mesh.ts';
import type { ClusterView } from '../../../../src/model/cluster-view.ts';
import type { PeerAuthentication } from '../../../../src/model/peer-authentication.ts';
import { destination } from '../results.ts';

type Spec = NonNullable<PeerAuthentication['spec']>;

const policy = (
  place: string,
  spec: Spec,
  creationTimestamp = '2026-01-01T00:00:00Z',
): PeerAuthentication => {
  const [namespace = '', name = ''] = place.split('/');
  return { metadata: { namespace, name, creationTimestamp }, spec };
};
const strict = { mtls: { mode: 'STRICT' } };
const mine = { selector: { matchLabels: { app: 'web' } } };
const web = { namespace: 'shop', labels: { app: 'web', tier: 'front' }, port: '8080' };

describe('modeOf', () => {
  it.each<[string, readonly PeerAuthentication[], string, string?]>([
    ['none', [], 'PERMISSIVE'],
    ['one of the mesh', [policy('istio-system/default', strict)], 'STRICT', 'mesh'],
    ['one of the namespace', [policy('shop/default', strict)], 'STRICT', 'namespace'],
    ['one of the workload', [policy('shop/web', { ...mine, ...strict })], 'STRICT', 'workload'],
    ['one of another namespace', [policy('other/default', strict)], 'PERMISSIVE'],
    [
      'one of another workload',
      [policy('shop/db', { selector: { matchLabels: { app: 'db' } }, ...strict })],
      'PERMISSIVE',
    ],
    [
      'one of workloads of the root namespace',
      [policy('istio-system/gateway', { ...mine, ...strict })],
      'PERMISSIVE',
    ],
    [
      'the namespace before the mesh',
      [policy('istio-system/default', strict), policy('shop/default', { mtls: { mode: 'PERMISSIVE' } })],
      'PERMISSIVE',
      'namespace',
    ],
    [
      'the workload before the namespace',
      [policy('shop/default', strict), policy('shop/web', { ...mine, mtls: { mode: 'DISABLE' } })],
      'DISABLE',
      'workload',
    ],
    [
      'the port before its workload',
      [policy('shop/web', { ...mine, ...strict, portLevelMtls: { '8080': { mode: 'PERMISSIVE' } } })],
      'PERMISSIVE',
      'workload',
    ],
    [
      'another port',
      [policy('shop/web', { ...mine, ...strict, portLevelMtls: { '9090': { mode: 'PERMISSIVE' } } })],
      'STRICT',
      'workload',
    ],
    [
      'UNSET, which leaves it to the mesh',
      [policy('shop/default', { mtls: { mode: 'UNSET' } }), policy('istio-system/default', strict)],
      'STRICT',
      'mesh',
    ],
    [
      'the older of two',
      [
        policy('shop/new', { mtls: { mode: 'PERMISSIVE' } }, '2026-02-01T00:00:00Z'),
        policy('shop/old', strict, '2026-01-01T00:00:00Z'),
      ],
      'STRICT',
      'namespace',
    ],
  ])('%s', (_what, policies, mode, level) => {
    const found = modeOf(web, policies);
    expect(found.mode).toBe(mode);
    expect(found.by?.level).toBe(level);
  });
});

describe('meshWays', () => {
  const to = destination({
    label: 'http://web:8080/',
    port: '8080',
    url: 'http://web:8080/',
    pod: { namespace: 'shop', name: 'web-0' },
  });
  const sidecar = { spec: { containers: [{ name: 'app' }, { name: 'istio-proxy' }] } };
  const view = (bare: object, lists: ClusterView['peerAuthentications'] = async () => ({ value: [] })) => {
    const pod = {
      ...bare,
      metadata: {
        name: 'web-0',
        namespace: 'shop',
        ...('metadata' in bare ? (bare.metadata as object) : {}),
      },
    };
    return {
      pod: async () => ({ value: pod }),
      podsAt: async () => ({ value: [pod] }),
      peerAuthentications: lists,
    } as unknown as ClusterView;
  };
  const own = (pod?: object) => ({ isHost: false, addresses: [], ...(pod === undefined ? {} : { pod }) });
  const ways = (cluster: ClusterView, pod?: object, asked = [to]) =>
    meshWays({ cluster, ...own(pod) } as Parameters<typeof meshWays>[0], asked);

  it('asks for what is of the mesh, by the policies of its namespace and of the root', async () => {
    const asked: string[] = [];
    const cluster = view(sidecar, async (namespace) => {
      asked.push(namespace);
      return { value: namespace === 'shop' ? [policy('shop/default', strict)] : [] };
    });
    expect(Object.values(await ways(cluster))).toMatchObject([
      { pod: 'pod web-0', mode: 'STRICT', by: { name: 'default', namespace: 'shop' } },
    ]);
    expect(asked).toEqual(['shop', 'istio-system']);
  });

  it.each<[string, object, object | undefined]>([
    ['a pod without a sidecar', { spec: { containers: [{ name: 'app' }] } }, undefined],
    ['a target of the mesh', sidecar, sidecar],
    [
      'a port that is left out',
      {
        ...sidecar,
        metadata: { annotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090, 8080' } },
      },
      undefined,
    ],
    [
      'a port that is not taken',
      { ...sidecar, metadata: { annotations: { 'traffic.sidecar.istio.io/includeInboundPorts': '9090' } } },
      undefined,
    ],
  ])('knows nothing of %s', async (_what, pod, target) => {
    expect(await ways(view(pod), target)).toEqual({});
  });

  it('takes native sidecars and ambient mode, and the pods of a Service for it', async () => {
    const native = { spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'istio-proxy' }] } };
    const ambient = {
      metadata: { annotations: { 'ambient.istio.io/redirection': 'enabled' } },
      spec: { containers: [] },
    };
    for (const pod of [native, ambient]) expect(Object.keys(await ways(view(pod)))).toEqual([to.id]);
    const { pod: _pod, ...rest } = to;
    const svc = { ...rest, service: { label: 'svc/web', part: 'virtual' as const } };
    const endpoint = {
      ...destination({ id: 'to1', pod: { namespace: 'shop', name: 'web-0' } }),
      service: { label: 'svc/web', part: 'endpoint' as const },
    };
    expect(Object.keys(await ways(view(native), undefined, [svc, endpoint]))).toEqual([svc.id]);
  });

  it('knows a pod by its address', async () => {
    const { pod: _pod, ...rest } = to;
    const byAddress = { ...rest, host: '198.18.2.9' };
    expect(Object.values(await ways(view(sidecar), undefined, [byAddress]))).toMatchObject([
      { pod: 'pod web-0' },
    ]);
    expect(await ways(view(sidecar), undefined, [{ ...rest, host: 'web.example' }])).toEqual({});
  });

  it('says why nothing is known, and nothing where there is no Istio', async () => {
    const denied = async () => ({ error: new Error('no'), denied: 'PeerAuthentications in shop' });
    expect(Object.values(await ways(view(sidecar, denied)))).toMatchObject([
      { mode: 'unknown', unread: 'you may not read them' },
    ]);
    expect(await ways(view(sidecar, async () => ({ value: null })))).toEqual({});
  });
});
