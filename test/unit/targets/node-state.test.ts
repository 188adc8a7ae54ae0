import { describe, expect, it } from 'vitest';
import type { Namespace, Node } from '../../../src/model/kube-objects.ts';
import { likelyNamespaces } from '../../../src/targets/node-preflight.ts';
import { nodeAddress, nodePressure, nodeProblem } from '../../../src/targets/node-state.ts';

const IMAGE = 'localhost/nettools:dev';

function node(os: string, architecture: string, ready: object = { status: 'True' }): Node {
  return {
    metadata: { name: 'node1' },
    status: {
      nodeInfo: { operatingSystem: os, architecture },
      conditions: [{ type: 'Ready', ...ready }],
    },
  } as unknown as Node;
}

describe('nodeProblem', () => {
  it.each(['amd64', 'arm64'])('is none of a Linux node of %s', (architecture) => {
    expect(nodeProblem(node('linux', architecture), IMAGE)).toBeUndefined();
  });

  it('is none of a node that is cordoned and tainted', () => {
    const tainted = {
      ...node('linux', 'amd64'),
      spec: { unschedulable: true, taints: [{ key: 'x', effect: 'NoExecute' }] },
    };
    expect(nodeProblem(tainted as Node, IMAGE)).toBeUndefined();
  });

  it.each([
    ['Windows', node('windows', 'amd64'), 'node "node1" runs Windows; only Linux nodes are supported.'],
    [
      'another architecture',
      node('linux', 's390x'),
      `node "node1" has the architecture s390x, but the image ${IMAGE} is for amd64 and arm64; --image names another.`,
    ],
    [
      'a node that is not ready',
      node('linux', 'amd64', {
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      }),
      'node "node1" is not ready (NodeStatusUnknown: Kubelet stopped posting node status): its kubelet would not start a pod.',
    ],
    [
      'one without a reason',
      node('linux', 'amd64', { status: 'False' }),
      'node "node1" is not ready: its kubelet would not start a pod.',
    ],
  ])('tells of %s', (_title, it, sentence) => {
    expect(nodeProblem(it, IMAGE)).toBe(sentence);
  });

  it("leaves another image's architecture to the node", () => {
    expect(nodeProblem(node('linux', 's390x'), 'registry.example/tools')).toBeUndefined();
  });

  it('is none where the node says nothing of itself', () => {
    expect(nodeProblem({}, IMAGE)).toBeUndefined();
  });
});

describe('nodeAddress', () => {
  it('is the internal one, else the external one, else none', () => {
    const [internal, external] = [
      { type: 'InternalIP', address: '198.51.100.11' },
      { type: 'ExternalIP', address: '203.0.113.7' },
    ];
    const of = (...addresses: object[]): string => nodeAddress({ status: { addresses } } as Node);
    expect(of({ type: 'Hostname', address: 'x' }, external, internal)).toBe('198.51.100.11');
    expect(of(external)).toBe('203.0.113.7');
    expect(nodeAddress({})).toBe('');
  });
});

describe('likelyNamespaces', () => {
  const namespace = (name: string, level?: string, rest: object = {}): Namespace => ({
    metadata: {
      name,
      labels: level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level },
      ...rest,
    },
  });

  it('are those that say privileged, then those that say nothing', () => {
    expect(
      likelyNamespaces([
        namespace('apps'),
        namespace('default'),
        namespace('kube-system'),
        namespace('locked', 'restricted'),
        namespace('base', 'baseline'),
        namespace('open', 'privileged'),
        namespace('going', 'privileged', { deletionTimestamp: new Date() }),
      ]),
    ).toEqual(['open', 'kube-system', 'default', 'apps']);
  });
});

describe('what a node is short of', () => {
  const withConditions = (...conditions: readonly (readonly [string, string])[]): Node =>
    ({ status: { conditions: conditions.map(([type, status]) => ({ type, status })) } }) as unknown as Node;

  it.each([
    ['nothing', withConditions(['MemoryPressure', 'False'], ['PIDPressure', 'False']), []],
    ['memory', withConditions(['MemoryPressure', 'True'], ['PIDPressure', 'Unknown']), ['memory']],
    ['both', withConditions(['PIDPressure', 'True'], ['MemoryPressure', 'True']), ['memory', 'process ids']],
    ['disk, which is not needed', withConditions(['DiskPressure', 'True']), []],
    ['what may not be read', undefined, []],
  ])('%s', (_title, node, short) => {
    expect(nodePressure(node)).toEqual(short);
  });
});
