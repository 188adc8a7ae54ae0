import { describe, expect, it } from 'vitest';
import { hostPortAt } from '../../../src/cluster/host-ports.ts';
import { destination } from '../checks/results.ts';
import { pod, serving } from './objects.ts';

const NODES = [
  { metadata: { name: 'n1' }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] } },
];
const ports = [{ containerPort: 8080, hostPort: 18126 }];

function stat(spec: object = {}, ready = 'True', metadata: object = {}) {
  const one = pod('stat', ['10.0.0.1'], { nodeName: 'n1', containers: [{ name: 'app', ports }], ...spec });
  return {
    ...one,
    metadata: { ...one.metadata, ...metadata },
    status: { ...one.status, conditions: [{ type: 'Ready', status: ready }] },
  };
}

async function at(pods: readonly object[], rest: Parameters<typeof destination>[0] = {}) {
  const lists = { '/api/v1/nodes': NODES, '/api/v1/pods': pods };
  const { cluster } = await serving(lists as unknown as Parameters<typeof serving>[0]);
  return hostPortAt(cluster, destination({ host: '192.0.2.9', port: '18126', ...rest }));
}

describe('a hostPort', () => {
  it('is of the pod that has it on the node with that address', async () => {
    expect(await at([stat()])).toEqual({
      namespace: 'shop',
      pod: 'stat',
      node: 'n1',
      address: '10.0.0.1',
      port: 8080,
    });
  });

  it("may be a sidecar's", async () => {
    const proxy = { name: 'proxy', restartPolicy: 'Always', ports };
    const mesh = stat({ containers: [{ name: 'app' }], initContainers: [{ name: 'setup' }, proxy] });
    expect(await at([mesh])).toMatchObject({ pod: 'stat', port: 8080 });
  });

  it.each<[string, readonly object[], Parameters<typeof destination>[0]]>([
    ['nobody has it', [], {}],
    ['another port was asked for', [stat()], { port: '18127' }],
    ['another protocol was asked for', [stat()], { protocol: 'udp' }],
    ["the address is no node's", [stat()], { host: '192.0.2.8' }],
    ['the pod is not ready', [stat({}, 'False')], {}],
    ['the pod is about to go', [stat({}, 'True', { deletionTimestamp: '2026-01-01T00:00:00Z' })], {}],
    ['the pod has the network of its node', [stat({ hostNetwork: true })], {}],
  ])('is none where %s', async (_why, pods, rest) => {
    expect(await at(pods, rest)).toBeUndefined();
  });
});
