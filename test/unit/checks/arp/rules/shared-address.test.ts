import { describe, expect, it } from 'vitest';
import prepare from '../../../../../src/checks/arp/prepare.ts';
import { contextOf, DUAL, pod, serving, subjectOf } from '../../../cluster/objects.ts';

const AT = '/api/v1/pods';
type Pods = Parameters<typeof serving>[0][string];
const running = (name: string, node: string, more: object = {}) => {
  const one = pod(name, ['10.0.0.1'], { nodeName: node, ...more });
  return { ...one, status: { ...one.status, phase: 'Running' } };
};

async function shared(pods: readonly object[], to = 'pod/db-1') {
  const { cluster } = await serving({ ...DUAL, [AT]: pods as unknown as Pods });
  return (await prepare(await contextOf(subjectOf(cluster), [to]))).shared;
}

describe('an address that several pods have', () => {
  it('is told of a pod that a DEST names', async () => {
    expect(await shared([running('db-1', 'n1'), running('old', 'n2')])).toMatchObject([
      {
        address: '10.0.0.1',
        pods: [
          { name: 'shop/db-1', node: 'n1' },
          { name: 'shop/old', node: 'n2' },
        ],
      },
    ]);
  });

  it.each<[string, readonly object[]]>([
    ['it has it alone', [running('db-1', 'n1')]],
    [
      'the others have the network of their node',
      [running('db-1', 'n1'), running('host', 'n1', { hostNetwork: true })],
    ],
    [
      'the other one has ended',
      [running('db-1', 'n1'), { ...running('job', 'n1'), status: { phase: 'Succeeded', podIP: '10.0.0.1' } }],
    ],
    [
      'the other one is about to go',
      [
        running('db-1', 'n1'),
        {
          ...running('old', 'n2'),
          metadata: { name: 'old', namespace: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' },
        },
      ],
    ],
  ])('is none where %s', async (_why, pods) => {
    expect(await shared(pods)).toBeUndefined();
  });
});
