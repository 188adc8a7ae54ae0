/** Which DESTs are hosts outside of the cluster, whose way --deep follows out of the target's node, and what is done for it. */
import { describe, expect, it } from 'vitest';
import places from '../../../../src/checks/path/places.ts';
import { pathInput } from '../../../../src/checks/path/prepare.ts';
import { outsideOf } from '../../../../src/checks/path/prepare-outside.ts';
import type { Subject } from '../../../../src/cluster/subject.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import { pod, service, serving } from '../../cluster/objects.ts';
import { destination } from '../results.ts';

const NODES = [
  {
    metadata: { name: 'n1' },
    spec: { podCIDRs: ['198.18.1.0/24'] },
    status: {
      addresses: [
        { type: 'InternalIP', address: '198.51.100.11' },
        { type: 'Hostname', address: 'n1' },
      ],
    },
  },
  { metadata: { name: 'n2' }, status: { addresses: [{ type: 'InternalIP', address: '198.51.100.12' }] } },
];

const LISTS = {
  '/api/v1/nodes': NODES,
  '/api/v1/pods': [pod('db', ['172.20.0.7'])],
  '/api/v1/services': [service(['198.19.0.5'], { externalIPs: ['203.0.113.80'] })],
  '/api/v1/namespaces/shop/services': [service(['198.19.0.5'])],
};

async function outside(
  one: Partial<Destination>,
  more: Partial<Subject> = {},
  faults: Parameters<typeof serving>[1] = {},
) {
  const { cluster } = await serving(LISTS as never, faults);
  const own = pod('web', ['198.18.1.7'], { nodeName: 'n1' });
  const subject: Subject = {
    cluster,
    pod: own as never,
    node: 'n1',
    isHost: false,
    addresses: ['198.18.1.7'],
    ...more,
  };
  return outsideOf(subject, [destination({ port: '80', ...one })]);
}

describe('outsideOf', () => {
  it.each(['203.0.113.9', 'api.example.com', '2001:db8::9'])('%s is outside', async (host) => {
    const { destinations, inside } = await outside({ host });
    expect(destinations.map((one) => one.host)).toEqual([host]);
    expect(inside).toEqual(['198.18.1.0/24', '198.51.100.11', '198.51.100.12']);
  });

  it.each<[string, Partial<Destination>]>([
    ['an address in the range of pods', { host: '198.18.1.99' }],
    ["a pod's address in a range that the API does not know", { host: '172.20.0.7' }],
    ['an address of a node', { host: '198.51.100.12' }],
    ["a Service's", { host: '198.19.0.5' }],
    ['one that leads into a Service', { host: '203.0.113.80' }],
    ['a short name', { host: 'db' }],
    ["a Service's name", { host: 'db.shop' }],
    ["a pod's name behind a Service", { host: 'db-0.db.shop' }],
    ["a Service's whole name", { host: 'db.shop.svc.cluster.local' }],
    ['loopback', { host: '127.0.0.1' }],
    ['a datagram', { host: '203.0.113.9', protocol: 'udp' }],
    ['a pod that was named', { host: '203.0.113.9', pod: { namespace: 'shop', name: 'db' } }],
  ])('%s is not', async (_what, one) => {
    expect((await outside(one)).destinations).toEqual([]);
  });

  it('is nothing where the target sends as its node, and where the cluster may not be read', async () => {
    const host = '203.0.113.9';
    expect((await outside({ host }, { isHost: true })).destinations).toEqual([]);
    for (const path of ['/api/v1/nodes', '/api/v1/pods', '/api/v1/services'])
      expect(await outside({ host }, {}, { [path]: { status: 403 } })).toMatchObject({
        destinations: [],
        unread: expect.stringMatching(/^you may not read /),
      });
  });
});

describe('what is done for a host outside', () => {
  const subject: Subject = {
    pod: { metadata: { namespace: 'shop', name: 'web' }, spec: { nodeName: 'n1', containers: [] } },
    node: 'n1',
    isHost: false,
    addresses: ['198.18.1.7'],
  };
  const planned = (host: string) =>
    places.plan(
      pathInput(subject, [], true, { destinations: [destination({ host, port: '80' })], inside: [] }),
      { reach: 'script' } as never,
    );

  it('is to listen at the pod and at its node, which sends a probe of its own once all is read', () => {
    const all = planned('203.0.113.9');
    expect(all.map(({ label }) => label)).toEqual(['pod/web', 'node/n1', 'node/n1']);
    const [source, node, kernel] = all;
    expect(source?.after?.phases).toHaveLength(1);
    expect(node?.after?.phases.at(-1)?.map(({ id, display }) => [id, display])).toEqual([
      ['to0-control', ['reach', 'tcp', '203.0.113.9', '80']],
    ]);
    expect(node?.during?.command.at(-1)).toMatch(/^\(host 203\.0\.113\.9\) and /);
    expect(kernel?.during?.command).toContain('203.0.113.9,80');
  });

  it('goes by the port of a name, which may be another address on the node', () => {
    const all = planned('api.example.com');
    expect(all.map(({ label }) => label)).toEqual(['pod/web', 'node/n1']);
    for (const { during } of all) expect(during?.command.at(-1)).toMatch(/^\(port 80\) and /);
  });
});
