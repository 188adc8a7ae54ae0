import { describe, expect, it } from 'vitest';
import { usedByMetrics, usedBySummary } from '../../../src/targets/room.ts';
import { pod } from './pods.ts';

describe('what a pod has in use', () => {
  const of = (namespace: string, name: string, workingSetBytes?: number) => ({
    podRef: { namespace, name },
    memory: workingSetBytes === undefined ? {} : { workingSetBytes },
  });

  it.each([
    ['says', { pods: [of('other', 'web-0', 1), of('default', 'web-1', 2), of('default', 'web-0', 3)] }, 3],
    ['does not list the pod', { pods: [of('default', 'web-1', 2)] }, undefined],
    ['has no number yet', { pods: [of('default', 'web-0')] }, undefined],
    ['says nothing', {}, undefined],
  ])('is what its kubelet says of the whole pod: it %s', (_title, summary, used) => {
    expect(usedBySummary(summary, pod())).toBe(used);
  });

  it.each([
    ['are summed up', [{ memory: '96Mi' }, { memory: '1024Ki' }], 97 * 1024 ** 2],
    ['are unknown where one is', [{ memory: '96Mi' }, {}], undefined],
    ['are unknown where there are none', [], undefined],
  ])('by metrics-server: its containers %s', (_title, usages, used) => {
    const containers = usages.map((usage, i) => ({ name: `c${i}`, usage }));
    expect(usedByMetrics({ containers })).toBe(used);
  });
});
