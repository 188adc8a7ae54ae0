import { afterEach, describe, expect, it } from 'vitest';
import prepareArp from '../../../src/checks/arp/prepare.ts';
import prepareConntrack from '../../../src/checks/conntrack/prepare.ts';
import prepareMtu from '../../../src/checks/mtu/prepare.ts';
import prepareRouting from '../../../src/checks/routing/prepare.ts';
import { nodeNetwork } from '../../../src/checks/shared/prepare-node-network.ts';
import type { MaybeUnread } from '../../../src/checks/shared/unread.ts';
import type { InputContext } from '../../../src/cluster/context.ts';
import type { Subject } from '../../../src/cluster/subject.ts';
import { KubeView } from '../../../src/cluster/view.ts';
import { type Fault, startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';

const NODES = '/api/v1/nodes';
const PODS = '/api/v1/pods';
const OWN_PODS = '/api/v1/namespaces/default/pods';
const services = (namespace?: string) => `/api/v1${scope(namespace)}/services`;
const slices = (namespace?: string) => `/apis/discovery.k8s.io/v1${scope(namespace)}/endpointslices`;
const scope = (namespace?: string) => (namespace === undefined ? '' : `/namespaces/${namespace}`);

const DENIED = { status: 403 };
const TROUBLE = { status: 500 };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

interface Place {
  readonly lists?: NonNullable<Parameters<typeof startApiServer>[0]>['lists'];
  readonly faults?: Readonly<Record<string, Fault>>;
}

async function contextOf(
  { lists = {}, faults = {} }: Place,
  subject: Partial<Subject>,
): Promise<InputContext> {
  const server = await startApiServer({ lists, faults });
  const client = await clientOf(server);
  open.push(server, client);
  const { signal } = new AbortController();
  const args = {
    options: {},
    thresholds: { arp: { tableShare: 0.8 }, conntrack: { conntrackCritical: 0.9 } },
  };
  return {
    subject: { cluster: new KubeView(client, signal), isHost: false, addresses: [], ...subject },
    args,
    asked: [],
    signal,
  } as unknown as InputContext;
}

const onNode = (place: Place) => contextOf(place, { node: 'n1', isHost: true });
const inPod = (place: Place) => contextOf(place, { node: 'n1', pod: { metadata: { name: 'web' } } });

const node = (name: string, podCIDR?: string) => ({
  metadata: { name },
  spec: podCIDR === undefined ? {} : { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address: `ip-of-${name}` }] },
});
const pod = (name: string, ip: string) => ({
  metadata: { name },
  status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] },
});

/** What a prepared check will say that it was not told. */
async function unread(input: Promise<MaybeUnread>): Promise<unknown> {
  return (await input).unread;
}

describe('the network of a node', () => {
  const whole = {
    [NODES]: [node('n1', '10.0.1.0/24'), node('n2', '10.0.2.0/24')],
    [PODS]: [pod('a', '10.0.1.5')],
  };
  const network = {
    podRanges: ['10.0.1.0/24'],
    pods: ['10.0.1.5'],
    others: [{ name: 'n2', addresses: ['ip-of-n2'], podRanges: ['10.0.2.0/24'] }],
  };

  it('is what the API says', async () => {
    expect(await nodeNetwork(await onNode({ lists: whole }))).toEqual({ network, unread: [] });
  });

  it('is not known to who may not list nodes', async () => {
    const found = await nodeNetwork(await onNode({ lists: whole, faults: { [NODES]: DENIED } }));
    expect(found).toEqual({ network: undefined, unread: [] });
  });

  it.each<[string, Fault, RegExp]>([
    ['is in trouble', TROUBLE, /Fault500/],
    ['resets the connection', 'reset', /the connection was reset$/],
  ])('is told to be unknown where the API server %s', async (_what, fault, words) => {
    const found = await nodeNetwork(await onNode({ lists: whole, faults: { [NODES]: fault } }));
    expect(found).toEqual({
      network: undefined,
      unread: [{ what: 'what other nodes there are', reason: expect.stringMatching(words) }],
    });
  });

  it('is known without its pods where it has ranges for them, and only then', async () => {
    const faults = { [PODS]: TROUBLE };
    const told = [{ what: 'which pods run on the node', reason: 'the server said Fault500' }];
    expect(await nodeNetwork(await onNode({ lists: whole, faults }))).toEqual({
      network: { ...network, pods: [] },
      unread: told,
    });
    const lists = { ...whole, [NODES]: [node('n1')] };
    expect(await nodeNetwork(await onNode({ lists, faults }))).toEqual({ network: undefined, unread: told });
    expect(await nodeNetwork(await onNode({ lists, faults: { [PODS]: DENIED } }))).toEqual({
      network: undefined,
      unread: [],
    });
  });

  it('of more nodes than are compared is a part, and says so; the node itself is found', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => node(`a${i}`));
    const lists = { ...whole, [NODES]: [...many, node('n1', '10.0.1.0/24'), node('n2')] };
    const found = await nodeNetwork(await onNode({ lists }));
    expect(found.network).toMatchObject({ podRanges: ['10.0.1.0/24'], pods: ['10.0.1.5'] });
    expect(found.network?.others).toHaveLength(1000);
    expect(found.unread).toEqual([
      { what: 'routes and tunnels to nodes beyond the first 1000', reason: 'the cluster has more' },
    ]);
  });

  it('is told by arp and routing alike, and asked for once', async () => {
    const context = await onNode({ lists: whole, faults: { [NODES]: TROUBLE } });
    const told = [{ what: 'what other nodes there are', reason: 'the server said Fault500' }];
    expect(await Promise.all([unread(prepareArp(context)), unread(prepareRouting(context))])).toEqual([
      told,
      told,
    ]);
  });
});

describe('pods on the same link', () => {
  const lists = { [OWN_PODS]: [pod('web', '10.0.1.4'), pod('db', '10.0.1.5')] };

  it('are asked by arp', async () => {
    const input = await prepareArp(await inPod({ lists }));
    expect(input).toMatchObject({ peers: [{ label: 'pod/web' }, { label: 'pod/db' }] });
    expect(input).not.toHaveProperty('unread');
  });

  it.each([
    ['are none for who may not list them', DENIED, undefined],
    [
      'are told to be unknown where the server is in trouble',
      TROUBLE,
      [{ what: 'other pods on the same link', reason: 'the server said Fault500' }],
    ],
  ])('%s', async (_what, fault, told) => {
    const context = await inPod({ faults: { [OWN_PODS]: fault } });
    expect(await unread(prepareArp(context))).toEqual(told);
  });
});

describe('pods on other nodes', () => {
  const DNS = slices('kube-system');
  const slice = {
    metadata: { name: 's' },
    ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
    endpoints: [{ addresses: ['10.0.2.2'], nodeName: 'n2', targetRef: { kind: 'Pod', name: 'coredns' } }],
  };

  it('are measured to by mtu', async () => {
    const input = await prepareMtu(await inPod({ lists: { [DNS]: [slice] } }));
    expect(input.destinations.map(({ label }) => label)).toContain('pod/coredns on another node');
    expect(input).not.toHaveProperty('unread');
  });

  it.each([
    ['are none for who may not list them', DENIED, undefined],
    [
      'are told to be unknown where the server is in trouble',
      TROUBLE,
      [{ what: 'the path to other nodes', reason: 'the server said Fault500' }],
    ],
  ])('%s', async (_what, fault, told) => {
    expect(await unread(prepareMtu(await inPod({ faults: { [DNS]: fault } })))).toEqual(told);
  });
});

describe('Services whose entries may be stale', () => {
  const service = (name: string) => ({
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, clusterIPs: ['10.96.0.9'], ports: [{ port: 53, protocol: 'UDP' }] },
  });
  const both = { [services()]: [service('x')], [slices()]: [] };
  const own = Object.fromEntries(
    ['default', 'kube-system'].flatMap((n) => [
      [services(n), n === 'default' ? [service('x')] : []],
      [slices(n), []],
    ]),
  );

  it('are those of the cluster for a node', async () => {
    const input = await prepareConntrack(await onNode({ lists: both }));
    expect(input).toMatchObject({ services: [{ name: 'x' }] });
    expect(input).not.toHaveProperty('unread');
    expect(input).not.toHaveProperty('onlyNamespaces');
  });

  it('are those of two namespaces where no more may be read', async () => {
    const input = await prepareConntrack(
      await onNode({ lists: own, faults: { [services()]: DENIED, [slices()]: DENIED } }),
    );
    expect(input).toMatchObject({ services: [{ name: 'x' }], onlyNamespaces: ['default', 'kube-system'] });
    expect(input).not.toHaveProperty('unread');
  });

  it('are unknown where none may be read', async () => {
    const faults = Object.fromEntries(
      [undefined, 'default', 'kube-system'].map((n) => [services(n), DENIED] as const),
    );
    const input = await prepareConntrack(await onNode({ lists: own, faults }));
    expect(input).not.toHaveProperty('services');
    expect(input).not.toHaveProperty('unread');
  });

  it('are told to be unknown where the server is in trouble', async () => {
    const faults = { [services()]: TROUBLE, [slices('default')]: TROUBLE };
    const input = await prepareConntrack(await onNode({ lists: own, faults }));
    expect(input).toMatchObject({
      services: [],
      unread: [
        {
          what: 'stale entries (NT-CT-003) for Services of namespace default',
          reason: 'the server said Fault500',
        },
        {
          what: 'stale entries (NT-CT-003) for Services of other namespaces',
          reason: 'the server said Fault500',
        },
      ],
    });
    expect(input).not.toHaveProperty('onlyNamespaces');
  });

  it('of which there are too many are told not to be compared', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => service(`x${i}`));
    const lists = { ...own, [services()]: many, [slices()]: [] };
    expect(await unread(prepareConntrack(await onNode({ lists })))).toEqual([
      {
        what: 'stale entries (NT-CT-003) for Services of other namespaces',
        reason: 'there are more than 1000 of them',
      },
    ]);
  });
});
