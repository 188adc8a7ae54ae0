import { describe, expect, it } from 'vitest';
import { policyAnswer, policyText } from '../../../../src/checks/firewall/policy-answer.ts';
import prepare from '../../../../src/checks/firewall/prepare.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import {
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
const SHOP_OBJECT = { metadata: { name: SHOP, labels: { team: 'a' } } };
const NONE = { [PATHS.policies]: [], [PATHS.namespaces]: [SHOP_OBJECT] };
const EVERYWHERE = { '/api/v1/pods': [], '/api/v1/services': [] };

async function policies(place: Place, ...to: readonly string[]) {
  const { server, cluster } = await serving(...place);
  const input = await prepare(await contextOf(subjectOf(cluster), to));
  if (!input) throw new Error('there is nothing to look at');
  const names = Object.entries(input.policies.pods).map(([id, all]) => [id, all.map(({ pod }) => pod?.name)]);
  return { ...input.policies, names: Object.fromEntries(names), requests: server.requests };
}

describe('who may answer at a DEST', () => {
  it('is each pod behind a Service; a list of them is one request', async () => {
    const found = await policies([{ ...DUAL, ...NONE }], 'svc/db');
    expect(found.names).toEqual({
      to0: ['db-1', 'db-2', 'db-3'],
      to1: ['db-1'],
      to2: ['db-2'],
      to3: ['db-3'],
      to4: ['db-1', 'db-2', 'db-3'],
      to5: ['db-1'],
      to6: ['db-2'],
      to7: ['db-3'],
    });
    expect(found.unread).toEqual([]);
    expect(found.requests).toEqual([
      `GET ${PATHS.services}/db`,
      expect.stringContaining(`${PATHS.slices}?labelSelector=`),
      `GET ${PATHS.pods}?labelSelector=app%3Ddb&limit=500`,
      `GET ${PATHS.policies}?limit=500`,
      `GET ${PATHS.namespaces}/${SHOP}`,
      'GET /apis',
    ]);
  });

  it('is asked of each pod by itself where pods may not be listed', async () => {
    const found = await policies([{ ...DUAL, ...NONE }, { [PATHS.pods]: { status: 403 } }], 'svc/db');
    expect(found.names['to1']).toEqual(['db-1']);
    expect(found.unread).toEqual([]);
  });

  it.each([
    [403, 'you may not read pod shop/db-1'],
    [500, 'the server said Fault500'],
  ])(
    'is not known where the pod is not read (%i), which is no pod outside the cluster',
    async (status, reason) => {
      const faults = { [PATHS.pods]: { status }, [`${PATHS.pods}/db-1`]: { status } };
      const { names, services, unread } = await policies([{ ...DUAL, ...NONE }, faults], 'svc/db');
      expect(names['to1']).toBeUndefined();
      expect(services).toContain('to1');
      expect(unread).toContainEqual({ what: 'pod shop/db-1', reason });
    },
  );

  it.each(['example.com', 'example.com:80', 'www.example.com', 'https://example.com/'])(
    'is nobody of the cluster at %s, and no Service is asked for',
    async (to) => {
      const { requests, unread, services } = await policies([NONE], to);
      expect(requests.filter((one) => one.includes('/services'))).toEqual([]);
      expect({ unread, services }).toEqual({ unread: [], services: [] });
    },
  );

  it('is nobody of the cluster at a name whose namespace may not be read, and that is no news', async () => {
    const faults = { [`${PATHS.namespaces}/com`]: { status: 403 } };
    const { requests, unread } = await policies([NONE, faults], 'example.com');
    expect(requests.filter((one) => one.includes('/services'))).toEqual([]);
    expect(unread).toEqual([]);
  });

  it('is told to be unknown where it cannot be read whether there is such a namespace', async () => {
    const faults = { [`${PATHS.namespaces}/com`]: { status: 500 } };
    expect((await policies([NONE, faults], 'example.com')).unread).toEqual([
      { what: 'whether example.com is a Service', reason: 'the server said Fault500' },
    ]);
  });

  it.each(['db', 'db.shop', 'db.shop.svc', 'db.shop.svc.cluster.local'])(
    'is each pod of the Service that is called %s, once',
    async (host) => {
      const { names, services } = await policies([{ ...DUAL, ...NONE }], `${host}:80`);
      expect(names).toEqual({ to0: ['db-1', 'db-2', 'db-3'] });
      expect(services).toEqual(['to0']);
    },
  );

  it('is searched for by an address in the memory of the API server', async () => {
    const { requests } = await policies([{ ...NONE, ...EVERYWHERE }], '8.8.8.8');
    expect(requests).toEqual([
      'GET /api/v1/pods?fieldSelector=status.podIP%3D8.8.8.8&limit=150&resourceVersion=0',
      'GET /api/v1/services?fieldSelector=spec.clusterIP%3D8.8.8.8&limit=150&resourceVersion=0',
      'GET /apis',
    ]);
  });

  it.each([
    ['10.9.9.9', 'unknown'],
    ['198.18.2.2', 'unknown'],
    ['fd00::99', 'unknown'],
    ['8.8.8.8', 'denied'],
    ['2001:4860:4860::8888', 'denied'],
  ])('may be a pod at %s where not all may be read: the policies say %s', async (host, verdict) => {
    const egress = {
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] },
    };
    const policy = { metadata: { namespace: SHOP, name: 'own' }, ...egress };
    const lists = { ...NONE, [PATHS.policies]: [policy], [PATHS.pods]: [], [PATHS.services]: [] };
    const faults = { '/api/v1/pods': { status: 403 }, '/api/v1/services': { status: 403 } };
    const { cluster } = await serving(lists as Place[0], faults);
    const self = pod('web-0', ['10.0.0.9']) as unknown as Pod;
    const context = await contextOf({ ...subjectOf(cluster), pod: self }, [
      `[${host}]:80`.replace(/\[([\d.]+)\]/, '$1'),
    ]);
    const input = await prepare(context);
    const [destination] = context.asked;
    if (!input || !destination) throw new Error('there is nothing to look at');
    expect(policyAnswer(input.policies, destination, { address: host, port: 80, source: '' }).verdict).toBe(
      verdict,
    );
    expect(input.policies.unread).toContainEqual({
      what: 'pods of other namespaces',
      reason: 'you may not read pods of all namespaces',
    });
  });

  it.each(['db:80', 'db.shop.svc:80'])('may be a Service at %s where it may not be read', async (to) => {
    const { services, unread } = await policies([NONE, { [`${PATHS.services}/db`]: { status: 403 } }], to);
    expect(services).toEqual(['to0']);
    expect(unread).toEqual([{ what: 'service shop/db', reason: 'you may not read service shop/db' }]);
  });

  it('is the pod with that address, or the pods of the Service with it', async () => {
    const lists = { ...DUAL, ...NONE, ...EVERYWHERE };
    const ofPod = { ...lists, '/api/v1/pods': [pod('db-1', ['10.0.0.1'])] };
    expect((await policies([ofPod], '10.0.0.1:80')).names).toEqual({ to0: ['db-1'] });
    const ofService = { ...lists, '/api/v1/services': [service(['10.96.0.5'])] };
    expect((await policies([ofService], '10.96.0.5:80')).names).toEqual({ to0: ['db-1', 'db-2', 'db-3'] });
  });
});

describe('what policies say', () => {
  const policy = (from: object) => ({
    metadata: { namespace: SHOP, name: 'p' },
    spec: { podSelector: {}, ingress: [{ from: [from] }] },
  });

  it.each([
    [403, 'you may not read NetworkPolicies in shop'],
    [500, 'the server said Fault500'],
  ])('is not known where they are not read (%i)', async (status, reason) => {
    const faults = { [PATHS.policies]: { status } };
    const {
      policies: found,
      unread,
      unreadPolicies,
    } = await policies([{ ...DUAL, ...NONE }, faults], 'svc/db');
    expect(found).toEqual([]);
    expect(unreadPolicies).toEqual(['shop']);
    expect(unread).toEqual([{ what: 'NetworkPolicies of namespace shop', reason }]);
  });

  it.each([
    ['asks for them', { namespaceSelector: { matchLabels: { team: 'a' } } }, 1],
    ['does not ask for them', { podSelector: {} }, 0],
  ])('misses labels of namespaces where a policy %s', async (_what, from, missed) => {
    const lists = { ...DUAL, [PATHS.policies]: [policy(from)] };
    const faults = { [`${PATHS.namespaces}/${SHOP}`]: { status: 403 } };
    const { unread } = await policies([lists as Place[0], faults], 'svc/db');
    expect(unread).toEqual(
      [{ what: 'labels of namespace shop', reason: 'you may not read the namespace shop' }].slice(0, missed),
    );
  });
});

describe('what policies see behind a Service', () => {
  const API = '198.51.100.1';
  const SERVICE = '10.96.0.5';
  const slices = [slice([{ addresses: [API] }], [{ name: 'sql', port: 6443, protocol: 'TCP' }])];
  const lists = (egress: object) => ({
    [PATHS.namespaces]: [SHOP_OBJECT],
    [PATHS.services]: [service([SERVICE])],
    '/api/v1/services': [service([SERVICE])],
    '/api/v1/pods': [],
    [PATHS.pods]: [],
    [PATHS.slices]: slices,
    [PATHS.policies]: [
      {
        metadata: { namespace: SHOP, name: 'own' },
        spec: { podSelector: {}, policyTypes: ['Egress'], egress: [egress] },
      },
    ],
  });
  const rule = (cidr: string, port: number) => ({ to: [{ ipBlock: { cidr } }], ports: [{ port }] });

  async function said(egress: object, to: string) {
    const { cluster } = await serving(lists(egress) as Place[0]);
    const context = await contextOf(
      { ...subjectOf(cluster), pod: pod('web-0', ['10.0.0.9']) as unknown as Pod },
      [to],
    );
    const input = await prepare(context);
    const [destination] = context.asked;
    if (!input || !destination) throw new Error('there is nothing to look at');
    const { verdict, allows } = policyAnswer(input.policies, destination, {
      address: SERVICE,
      port: 80,
      source: '',
    });
    return { verdict, allows };
  }

  it.each(['svc/db', 'db.shop.svc:80', `${SERVICE}:80`])(
    'is the endpoint that is no pod, however the Service is called: %s',
    async (to) => {
      expect(await said(rule(`${SERVICE}/32`, 80), to)).toEqual({ verdict: 'denied', allows: 'address' });
      expect(await said(rule(`${API}/32`, 80), to)).toEqual({ verdict: 'denied', allows: 'port' });
      expect(await said(rule(`${API}/32`, 6443), to)).toEqual({ verdict: 'allowed', allows: undefined });
      expect(await said(rule('203.0.113.0/24', 6443), to)).toEqual({ verdict: 'denied', allows: undefined });
    },
  );
});

describe('policies of other kinds', () => {
  const groups = { groups: [{ name: 'cilium.io', preferredVersion: { version: 'v2' } }] };
  const CILIUM = '/apis/cilium.io/v2/ciliumnetworkpolicies';
  const found = async (lists: object, faults: Record<string, { status: number }> = {}) => {
    const all = { ...DUAL, ...NONE, '': [{ metadata: { name: 'apis' }, ...groups }], ...lists };
    return policies([all as unknown as Place[0], faults], 'svc/db');
  };

  it('make what policies say unknown where there are any', async () => {
    const { others, unread } = await found({ [CILIUM]: [{ metadata: { name: 'one' } }] });
    expect({ others, unread }).toEqual({ others: ['CiliumNetworkPolicy (cilium.io)'], unread: [] });
  });

  it('do not where there is none', async () => {
    expect((await found({ [CILIUM]: [] })).others).toBeUndefined();
  });

  it('do where they may not be read, which is told', async () => {
    const { others, unread } = await found({}, { [CILIUM]: { status: 403 } });
    expect(others).toEqual(['CiliumNetworkPolicy (cilium.io)']);
    expect(unread).toEqual([
      {
        what: 'policies of kind CiliumNetworkPolicy (cilium.io)',
        reason: 'you may not read CiliumNetworkPolicy (cilium.io)',
      },
    ]);
  });

  it('turn what is allowed into what is not known, and name themselves', () => {
    const self = { namespace: SHOP, name: 'web-0', labels: {}, ports: [], hostNetwork: false };
    const policy = (ingress: readonly object[]) => ({ namespace: SHOP, name: 'p', podSelector: {}, ingress });
    const verdict = (policies: readonly object[], others?: readonly string[]) =>
      policyAnswer(
        {
          policies: policies as never,
          self,
          pods: { to0: [{ address: '10.0.0.1', port: 80, pod: { ...self, name: 'db-1' } }] },
          services: [],
          unread: [],
          ...(others === undefined ? {} : { others }),
        },
        { id: 'to0', protocol: 'tcp' } as never,
        { address: '10.0.0.1', port: 80, source: '' },
      );
    const others = ['CiliumNetworkPolicy (cilium.io)'];
    expect(verdict([]).verdict).toBe('none');
    expect(verdict([], others).verdict).toBe('unknown');
    expect(verdict([policy([{}])], others).verdict).toBe('unknown');
    expect(verdict([policy([])], others).verdict).toBe('denied');
    expect(policyText(verdict([], others))).toBe(
      'what policies say is not known: those of CiliumNetworkPolicy (cilium.io) are not evaluated',
    );
  });
});

describe('a sidecar', () => {
  const app = { name: 'app' };
  const istio = { name: 'istio-proxy' };
  const of = async (spec: object, annotations: object = {}) => {
    const { cluster } = await serving({ ...DUAL, ...NONE, ...EVERYWHERE });
    const one = pod('web', ['10.0.0.9'], spec);
    const target = { ...one, metadata: { ...one.metadata, annotations } } as unknown as Pod;
    return (await prepare(await contextOf({ ...subjectOf(cluster), pod: target }, ['svc/db'])))?.sidecar;
  };

  it('is one beside the containers of the pod, native ones too', async () => {
    expect(await of({ containers: [app, istio] })).toBe('istio-proxy');
    expect(await of({ containers: [app], initContainers: [{ ...istio, restartPolicy: 'Always' }] })).toBe(
      'istio-proxy',
    );
  });

  it('is none alone, as a gateway, nor one that intercepts nothing', async () => {
    expect(await of({ containers: [istio] })).toBeUndefined();
    expect(await of({ containers: [app] })).toBeUndefined();
    expect(
      await of({ containers: [app, istio] }, { 'sidecar.istio.io/interceptionMode': 'NONE' }),
    ).toBeUndefined();
  });
});
