/** NT-RT-024: addresses in the range of a node's pods that are no pod's, by what the API has. */
import { describe, expect, it } from 'vitest';
import type { FirewallFacts } from '../../../../src/checks/firewall/facts.ts';
import { podRangeAt } from '../../../../src/checks/firewall/prepare-pod-ranges.ts';
import { noPodThere } from '../../../../src/checks/firewall/rules/no-pod-there.ts';
import type { ClusterView } from '../../../../src/model/cluster-view.ts';
import type { PodRange } from '../../../../src/model/pod-range.ts';
import { pod, serving } from '../../cluster/objects.ts';
import { destination } from '../results.ts';

const NODE = {
  metadata: { name: 'node2' },
  spec: { podCIDRs: ['10.1.2.0/24', 'fd00:2::/64'] },
  status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] },
};
const onNode = (name: string, ip: string, more: object = {}) =>
  pod(name, [ip], { nodeName: 'node2', ...more });

describe('the range in which an address lies', () => {
  const rangeOf = async (
    host: string,
    pods: readonly object[],
    more: object = {},
    faults: Parameters<typeof serving>[1] = {},
  ) => {
    const { cluster } = await serving({ '/api/v1/nodes': [NODE], '/api/v1/pods': pods as never }, faults);
    return podRangeAt(cluster, { ...destination({ host, port: '80' }), ...more });
  };
  const OTHER = onNode('web', '10.1.2.7');

  it('is that of a node whose pods have their addresses from it', async () => {
    expect(await rangeOf('10.1.2.55', [OTHER])).toEqual({
      node: 'node2',
      range: '10.1.2.0/24',
      nodeAddresses: ['192.0.2.2'],
    });
    expect(await rangeOf('fd00:2::99', [onNode('six', 'fd00:2::7')])).toMatchObject({ range: 'fd00:2::/64' });
  });

  it.each<[string, string, readonly object[], object]>([
    ['it lies in none', '10.1.3.55', [OTHER], {}],
    ['it is a name', 'db.example.com', [OTHER], {}],
    ['a pod has it', '10.1.2.55', [OTHER, onNode('own', '10.1.2.55')], {}],
    ['it is that of the bridge of the node', '10.1.2.1', [OTHER], {}],
    ['it is that of the tunnel of the node', '10.1.2.0', [OTHER], {}],
    ['the plugin has ranges of its own', '10.1.2.55', [onNode('web', '172.20.0.7')], {}],
    [
      'the only pod is in the network of its node',
      '10.1.2.55',
      [onNode('web', '10.1.2.7', { hostNetwork: true })],
      {},
    ],
    ['DEST is a pod', '10.1.2.55', [OTHER], { pod: { namespace: 'shop', name: 'web' } }],
    ['no port was asked for', '10.1.2.55', [OTHER], { anyPort: true }],
  ])('is none where %s', async (_what, host, pods, more) => {
    expect(await rangeOf(host, pods, more)).toBeUndefined();
  });

  /** An API server finds pods by the first of their addresses alone (status.podIP). */
  const withoutFinding = (podIPs: readonly string[], isWhole: boolean) =>
    podRangeAt(
      {
        nodes: async () => ({ value: { items: [NODE], isWhole: true } }),
        podsAt: async () => ({ value: [] }),
        podsOnNode: async () => ({ value: { items: [pod('two', podIPs)], isWhole } }),
      } as unknown as ClusterView,
      destination({ host: 'fd00:2::55', port: '80' }),
    );

  it('is none where a pod has it as its second address', async () => {
    expect(await withoutFinding(['10.1.2.7', 'fd00:2::55'], true)).toBeUndefined();
    expect(await withoutFinding(['10.1.2.7', 'fd00:2::56'], true)).toMatchObject({ range: 'fd00:2::/64' });
    expect(await withoutFinding(['10.1.2.7', 'fd00:2::56'], false)).toBeUndefined();
  });

  it.each(['/api/v1/nodes', '/api/v1/pods'])('is not known where %s may not be read', async (path) => {
    expect(await rangeOf('10.1.2.55', [OTHER], {}, { [path]: { status: 403 } })).toBeUndefined();
  });
});

describe('NT-RT-024', () => {
  const RANGE: PodRange = { node: 'node2', range: '10.1.2.0/24', nodeAddresses: ['192.0.2.2'] };
  const judged = (cause: object, podRange: PodRange | undefined = RANGE) =>
    noPodThere.judge({
      paths: [
        {
          destination: destination({ label: '10.1.2.55:80', host: '10.1.2.55', port: '80' }),
          address: '10.1.2.55',
          port: 80,
          icmp: [],
          reach: { value: { tries: [{ outcome: 'failed', error: 'No route to host', ms: 3000 }] } },
          cause,
          podRange,
          results: { reach: undefined },
        },
      ],
    } as unknown as FirewallFacts);

  it('says who has looked for it', () => {
    const [found] = judged({ kind: 'no-host-there', sender: '192.0.2.2' });
    expect(found?.summary).toContain(
      'lies in the range of the pods of node2 (10.1.2.0/24), and no pod has that address: packets to it are led to node2, which has looked for it among its pods, and says "host unreachable"',
    );
  });

  it('is named where nobody answers', () => {
    expect(judged({ kind: 'dropped' }).map(({ severity }) => severity)).toEqual(['critical']);
  });

  it.each([['open'], ['refused'], ['stalled'], ['rejected'], ['unmeasured'], ['no-neighbour']])(
    'is not where it is %s',
    (kind) => {
      expect(judged({ kind })).toEqual([]);
    },
  );

  it('is not where it lies in no range', () => {
    const bare = { kind: 'dropped' };
    expect(
      noPodThere.judge({ paths: [{ cause: bare, podRange: undefined }] } as unknown as FirewallFacts),
    ).toEqual([]);
  });
});
