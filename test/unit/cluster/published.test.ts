import { describe, expect, it } from 'vitest';
import { publishedAt } from '../../../src/cluster/published.ts';
import { destination } from '../checks/results.ts';
import { behind, PATHS, SHOP, service, serving, slice } from './objects.ts';

const PORTS = [{ name: 'sql', port: 80, nodePort: 30080, protocol: 'TCP', targetPort: 'sql' }];
const OUTSIDE = {
  ...service(['10.96.0.5'], {
    type: 'LoadBalancer',
    ports: PORTS,
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32100,
    externalIPs: ['192.0.2.77'],
  }),
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.50' }] } },
};
const POLICY = {
  metadata: { name: 'clients' },
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }],
  },
};
const node = (name: string, address: string) => ({
  metadata: { name },
  status: {
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
  },
});
const LISTS = {
  '/api/v1/services': [OUTSIDE],
  [PATHS.services]: [OUTSIDE],
  [PATHS.slices]: [slice([{ ...behind('db-1', '10.0.0.1'), nodeName: 'node1' } as never])],
  '/api/v1/nodes': [node('node1', '192.0.2.11'), node('node2', '192.0.2.12')],
};

async function at(host: string, port: string, lists: object = LISTS, isHost = false, faults = {}) {
  const { cluster } = await serving(lists as Parameters<typeof serving>[0], faults);
  return publishedAt({ cluster, node: 'node2', isHost }, destination({ host, port }));
}

describe('a way into a Service from outside', () => {
  it('is the NodePort of a node, of which it is known who has an endpoint', async () => {
    expect(await at('192.0.2.12', '30080')).toEqual({
      label: 'svc/db',
      namespace: SHOP,
      name: 'db',
      by: 'node port',
      node: 'node2',
      isLocal: true,
      ready: 1,
      nodes: ['node1'],
    });
  });

  it('is the port by which load balancers ask a node', async () => {
    expect(await at('192.0.2.12', '32100')).toMatchObject({
      by: 'health check',
      label: 'svc/db',
      node: 'node2',
    });
    expect(await at('192.0.2.99', '32100')).toBeUndefined();
  });

  it.each([
    ['192.0.2.50', '80', 'load balancer'],
    ['192.0.2.77', '80', 'external IP'],
  ])("is taken by the target's node at %s:%s", async (host, port, by) => {
    expect(await at(host, port)).toMatchObject({ by, node: 'node2' });
  });

  it('is led elsewhere before it gets to a link where the target is a node, and it is no load balancer of its own', async () => {
    const proxy = {
      ...OUTSIDE,
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.50', ipMode: 'Proxy' }] } },
    };
    const lists = { ...LISTS, '/api/v1/services': [proxy], [PATHS.services]: [proxy] };
    const taken = async (...args: Parameters<typeof at>) => (await at(...args))?.isTakenHere;
    expect(await taken('192.0.2.50', '80', LISTS, true)).toBe(true);
    expect(await taken('192.0.2.77', '80', LISTS, true)).toBe(true);
    expect(await taken('192.0.2.77', '80')).toBeUndefined();
    expect(await taken('192.0.2.50', '80', lists, true)).toBeUndefined();
    expect(await taken('192.0.2.12', '30080', LISTS, true)).toBeUndefined();
    // The address is the Service's, and the port none of its.
    expect(await taken('192.0.2.77', '81', LISTS, true)).toBeUndefined();
  });

  it.each([
    ['192.0.2.99', '30080'],
    ['192.0.2.12', '80'],
    ['example.com', '30080'],
  ])('is not %s:%s', async (host, port) => {
    expect(await at(host, port)).toBeUndefined();
  });

  it.each(['192.0.2.50', '192.0.2.77'])(
    'is known at %s by a port that the Service does not have',
    async (host) => {
      expect(await at(host, '443')).toMatchObject({ label: 'svc/db', otherPorts: ['80/TCP'] });
    },
  );

  it('says whose endpoints may answer a pod straight', async () => {
    const one = (externalTrafficPolicy: string, ipMode: string) => ({
      ...OUTSIDE,
      spec: { ...OUTSIDE.spec, externalTrafficPolicy },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.50', ipMode }] } },
    });
    const both = slice([
      { ...behind('db-1', '10.0.0.1'), nodeName: 'node1' } as never,
      { ...behind('db-2', '10.0.0.2'), nodeName: 'node2' } as never,
    ]);
    const astray = async (host: string, port: string, policy = 'Local', ipMode = 'Proxy', isHost = false) => {
      const services = [one(policy, ipMode)];
      const lists = { ...LISTS, '/api/v1/services': services, [PATHS.slices]: [both] };
      return (await at(host, port, lists, isHost))?.astray;
    };
    // The target is on node2.
    expect(await astray('192.0.2.11', '30080')).toEqual({ own: 'node2', nodes: ['node2'] });
    expect(await astray('192.0.2.12', '30080')).toBeUndefined();
    expect(await astray('192.0.2.11', '30080', 'Local', 'Proxy', true)).toBeUndefined();
    expect(await astray('192.0.2.50', '80')).toEqual({ own: 'node2', nodes: ['node1', 'node2'] });
    expect(await astray('192.0.2.50', '80', 'Local', 'VIP')).toBeUndefined();
    expect(await astray('192.0.2.77', '80')).toBeUndefined();
  });

  it('says which clients a load balancer takes, where its nodes keep to it', async () => {
    const ranges = async (ipMode?: string) => {
      const one = {
        ...OUTSIDE,
        spec: { ...OUTSIDE.spec, loadBalancerSourceRanges: ['203.0.113.0/24 '] },
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.50', ...(ipMode && { ipMode }) }] } },
      };
      return (await at('192.0.2.50', '80', { ...LISTS, '/api/v1/services': [one] }))?.sourceRanges;
    };
    expect([await ranges(), await ranges('Proxy')]).toEqual([['203.0.113.0/24'], undefined]);
  });

  it('of a target outside it says that, in full, with what policies let in by address', async () => {
    const one = { ...OUTSIDE, spec: { ...OUTSIDE.spec, selector: { app: 'db', tier: 'one' } } };
    const policies = `/apis/networking.k8s.io/v1/namespaces/${SHOP}/networkpolicies`;
    const lists = { ...LISTS, '/api/v1/services': [one], [policies]: [POLICY] };
    const { cluster } = await serving(lists as Parameters<typeof serving>[0]);
    const asking = { cluster, node: undefined, isHost: true, isOutside: true };
    expect(await publishedAt(asking, destination({ host: '192.0.2.12', port: '30080' }))).toMatchObject({
      label: `svc/db.${SHOP}`,
      isOutside: true,
      letIn: [{ policy: `${SHOP}/clients`, cidr: '192.0.2.0/24', except: [] }],
    });
  });

  it("is of the target's node at a loopback address, with the address that serves it", async () => {
    expect(await at('127.0.0.1', '30080', LISTS, true)).toMatchObject({
      node: 'node2',
      instead: '192.0.2.12',
    });
    // That of a pod is the pod's own.
    expect(await at('localhost', '30080')).not.toHaveProperty('node');
  });

  it('does not say where endpoints are of which one has no node', async () => {
    const lists = { ...LISTS, [PATHS.slices]: [slice([behind('db-1', '10.0.0.1')])] };
    expect(await at('192.0.2.12', '30080', lists)).not.toHaveProperty('nodes');
  });

  it("is searched for in the target's namespace where no more may be read", async () => {
    const faults = { '/api/v1/services': { status: 403 } };
    expect(await at('192.0.2.12', '30080', LISTS, false, faults)).toMatchObject({ label: 'svc/db' });
  });

  const KEY = 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol';
  const proxied = async (value: string, ipMode?: string, host = '192.0.2.50') => {
    const one = {
      ...OUTSIDE,
      metadata: { ...OUTSIDE.metadata, annotations: { [KEY]: value } },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.50', ...(ipMode && { ipMode }) }] } },
    };
    const found = await at(host, '80', { ...LISTS, '/api/v1/services': [one] });
    return found?.proxyProtocol;
  };

  it('speaks the PROXY protocol by the annotation of a load balancer that is not passed', async () => {
    expect(await proxied('*')).toBe(`${KEY}: *`);
    expect(await proxied('*', 'VIP')).toBe(`${KEY}: *`);
  });

  it.each([
    ['it is off', 'false', undefined, undefined],
    ['the load balancer is passed', '*', 'Proxy', undefined],
    ['it is another address', '*', undefined, '192.0.2.77'],
  ])('does not where %s', async (_why, value, mode, host) => {
    expect(await proxied(value, mode, host)).toBeUndefined();
  });
});
