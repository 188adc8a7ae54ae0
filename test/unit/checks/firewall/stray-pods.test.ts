/** NT-RT-025: pods in none of their node's ranges, by what the API has. */
import { describe, expect, it } from 'vitest';
import type { FirewallFacts } from '../../../../src/checks/firewall/facts.ts';
import { strayPodAt } from '../../../../src/checks/firewall/prepare-stray-pods.ts';
import { strayPod } from '../../../../src/checks/firewall/rules/stray-pod.ts';
import type { ClusterView } from '../../../../src/model/cluster-view.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { pod, SHOP } from '../../cluster/objects.ts';
import { destination } from '../results.ts';

const RANGES: Readonly<Record<string, readonly string[]>> = {
  node1: ['10.1.1.0/24', 'fd00:1::/64'],
  node2: ['10.1.2.0/24', 'fd00:2::/64'],
};
type Marks = {
  readonly annotations?: Record<string, string>;
  readonly reason?: string;
  readonly ranges?: readonly string[];
};
const node = (name: string, { annotations = {}, reason, ranges = RANGES[name] ?? [] }: Marks = {}) => ({
  metadata: { name, annotations },
  spec: { podCIDRs: ranges },
  status: {
    conditions: reason === undefined ? [] : [{ type: 'NetworkUnavailable', status: 'False', reason }],
  },
});
const on = (nodeName: string, name: string, ips: readonly string[], more: object = {}) =>
  pod(name, ips, { nodeName, ...more });

interface Case {
  readonly address?: string;
  /** Besides `lost` and the target. */
  readonly pods?: readonly object[];
  readonly own?: readonly string[];
  readonly marks?: Marks;
  readonly of?: object;
  readonly lost?: object;
}
const NEAR = on('node2', 'near', ['10.1.2.7']);

/** What a pod on node1 finds of the pod `lost` on node2, and what was asked for it. */
async function found(
  {
    address = '10.85.0.4',
    pods = [NEAR],
    own = ['10.1.1.5', 'fd00:1::5'],
    marks = {},
    of = {},
    lost = on('node2', 'lost', [address]),
  }: Case,
  unread?: string,
) {
  const target = on('node1', 'client', own);
  const all = [target, lost, ...pods] as Pod[];
  const nodes = [node('node1', marks), node('node2', marks)];
  const asked: string[] = [];
  const reading = (what: string, value: unknown) => {
    asked.push(what);
    return Promise.resolve(what === unread ? { error: new Error('403'), denied: what } : { value });
  };
  const cluster = {
    pod: (_namespace: string, name: string) =>
      reading(
        'pod',
        all.find((one) => one.metadata?.name === name),
      ),
    node: (name: string) =>
      reading(
        `node ${name}`,
        nodes.find((one) => one.metadata.name === name),
      ),
    nodes: () => reading('nodes', { items: nodes, isWhole: true }),
    podsOnNode: (name: string) =>
      reading(`pods of ${name}`, {
        items: all.filter((one) => one.spec?.nodeName === name),
        isWhole: true,
      }),
  } as unknown as ClusterView;
  const stray = await strayPodAt(
    { cluster, pod: target as Pod, node: 'node1', isHost: false, addresses: own },
    destination({ host: address, port: '80', pod: { namespace: SHOP, name: 'lost' }, ...of }),
  );
  return { stray, asked };
}

describe('a pod in none of the ranges of its node', () => {
  it('is one where another pod of the node is in its range', async () => {
    expect((await found({})).stray).toEqual({
      pod: 'shop/lost',
      address: '10.85.0.4',
      node: 'node2',
      ranges: ['10.1.2.0/24'],
      shownBy: '1 pod of node2 in 10.1.2.0/24, and 1 pod of node1 in 10.1.1.0/24',
    });
  });

  it('may be in the range of another node', async () => {
    expect((await found({ address: '10.1.1.9' })).stray).toMatchObject({ inRangeOf: 'node1' });
  });

  it('is judged in its own family', async () => {
    const six = on('node2', 'six', ['10.1.2.8', 'fd00:2::8']);
    expect((await found({ address: 'fd00:85::4', pods: [six] })).stray).toMatchObject({
      ranges: ['fd00:2::/64'],
    });
    expect((await found({ address: 'fd00:85::4', pods: [NEAR] })).stray).toBeUndefined();
  });

  it('is an endpoint of a Service too', async () => {
    const of = { service: { label: 'svc/db', part: 'endpoint', node: 'node2' } };
    expect((await found({ of })).stray).toMatchObject({ node: 'node2' });
  });

  it.each<[string, Marks]>([
    ['flannel', { annotations: { 'flannel.alpha.coreos.com/kube-subnet-manager': 'true' } }],
    ['a cloud', { reason: 'RouteCreated' }],
  ])('is one without another on its node where %s leads by the ranges', async (_what, marks) => {
    expect((await found({ pods: [], marks })).stray).toBeDefined();
    expect((await found({ pods: [] })).stray).toBeUndefined();
  });

  it.each<[string, Case]>([
    ['it is in its range', { address: '10.1.2.9' }],
    ['it is on the node of the target', { lost: on('node1', 'lost', ['10.85.0.4']) }],
    ['the address is of a second network', { lost: on('node2', 'lost', ['10.1.2.9']) }],
    ['it is in the network of its node', { lost: on('node2', 'lost', ['10.85.0.4'], { hostNetwork: true }) }],
    ['nodes have no ranges', { marks: { ranges: [] } }],
    ['no pod keeps to the ranges, as with Calico', { own: ['10.85.0.5'], pods: [] }],
    ['pods on the node of the target do not', { pods: [NEAR, on('node1', 'far', ['10.85.0.9'])] }],
    [
      'a pod is in a range by chance, and others of its node are not',
      { pods: [NEAR, on('node1', 'a', ['10.85.9.4']), on('node1', 'b', ['10.85.9.5'])] },
    ],
    ['all pods of its node are elsewhere', { pods: [on('node2', 'a', ['10.85.0.5'])] }],
    [
      'only pods in the network of the node are',
      { pods: [on('node2', 'a', ['10.1.2.1'], { hostNetwork: true })] },
    ],
    ['Calico gives the addresses', { marks: { reason: 'CalicoIsUp' } }],
    ['Cilium gives the addresses', { marks: { reason: 'CiliumIsUp' } }],
    [
      'Calico has noted its own',
      { marks: { annotations: { 'projectcalico.org/IPv4Address': '192.0.2.1/24' } } },
    ],
    ['kube-ovn has noted its own', { marks: { annotations: { 'ovn.kubernetes.io/cidr': '10.16.0.0/16' } } }],
    ['the node of an endpoint is not known', { of: { service: { label: 'svc/db', part: 'endpoint' } } }],
    ['nobody knows whose the address is', { of: { pod: undefined } }],
  ])('is none where %s', async (_what, one) => {
    expect((await found(one)).stray).toBeUndefined();
  });

  it.each(['pod', 'nodes', 'node node1', 'node node2', 'pods of node1', 'pods of node2'])(
    'is not known where %s may not be read',
    async (what) => {
      expect((await found({}, what)).stray).toBeUndefined();
    },
  );

  it.each<[string, Case]>([
    ['the pod is in its range', { address: '10.1.2.9' }],
    ["the target is not in its node's", { own: ['10.85.0.5'] }],
  ])('lists no pods where %s', async (_what, one) => {
    expect((await found(one)).asked.filter((line) => line.startsWith('pods of'))).toEqual([]);
    expect((await found({})).asked.filter((line) => line.startsWith('pods of'))).not.toEqual([]);
  });

  it('is looked for without a cluster nowhere', async () => {
    const subject = { isHost: false, addresses: [], node: 'node1' };
    const dest = destination({ host: '10.85.0.4', pod: { namespace: SHOP, name: 'lost' } });
    expect(await strayPodAt(subject, dest)).toBeUndefined();
  });
});

describe('NT-RT-025', () => {
  const STRAY = {
    pod: 'shop/lost',
    address: '10.85.0.4',
    node: 'node2',
    ranges: ['10.1.2.0/24'],
    shownBy: 'x',
  };
  const judged = (kind: string, more: object = {}) =>
    strayPod.judge({
      paths: [
        {
          destination: destination({ label: 'pod/lost:80', host: '10.85.0.4', port: '80' }),
          address: '10.85.0.4',
          port: 80,
          icmp: [],
          hits: [],
          reach: { value: { tries: [{ outcome: 'failed', error: 'No route to host', ms: 3000 }] } },
          cause: { kind },
          stray: STRAY,
          results: { reach: undefined },
          ...more,
        },
      ],
    } as unknown as FirewallFacts);

  it.each(['dropped', 'no-host-there', 'no-route-there'])('is named where it is %s', (kind) => {
    expect(judged(kind)[0]).toMatchObject({ severity: 'critical', subject: 'pod/lost:80' });
  });

  it('says whose range the address is of', () => {
    expect(judged('dropped')[0]?.summary).toContain("in no node's, so no other node has a route to it");
    const summary = judged('dropped', { stray: { ...STRAY, inRangeOf: 'node1' } })[0]?.summary;
    expect(summary).toContain('but in that of node1, to which packets are led');
  });

  it.each(['open', 'refused', 'stalled', 'rejected', 'prohibited', 'unmeasured', 'dropped-here', 'no-route'])(
    'is not where it is %s',
    (kind) => {
      expect(judged(kind)).toEqual([]);
    },
  );

  it('is not where a rule has dropped it, or the address is in its range', () => {
    expect(judged('dropped', { hits: [{}] })).toEqual([]);
    expect(judged('dropped', { stray: undefined })).toEqual([]);
  });
});
