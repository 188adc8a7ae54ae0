import { describe, expect, it } from 'vitest';
import { usedByCgroup, usedByMetrics, usedBySummary } from '../../../src/targets/room.ts';
import { pod } from './pods.ts';

describe('what a pod has in use', () => {
  const of = (namespace: string, name: string, whole?: number, ...containers: number[]) => ({
    podRef: { namespace, name },
    memory: whole === undefined ? {} : { workingSetBytes: whole },
    containers: containers.map((workingSetBytes, i) => ({ name: `c${i}`, memory: { workingSetBytes } })),
  });

  it.each([
    ['says', { pods: [of('other', 'web-0', 1), of('default', 'web-1', 2), of('default', 'web-0', 3)] }, 3],
    ['does not list the pod', { pods: [of('default', 'web-1', 2)] }, undefined],
    ['has no number yet', { pods: [of('default', 'web-0')] }, undefined],
    ['has not measured it yet', { pods: [of('default', 'web-0', 0, 0)] }, undefined],
    ['knows its containers first', { pods: [of('default', 'web-0', 0, 4, 5)] }, 9],
    ['counts volumes in memory too', { pods: [of('default', 'web-0', 20, 4, 5)] }, 20],
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

  it.each([
    ['version 2', '90\nanon 40\ninactive_file 20\nactive_file 10\nslab_reclaimable 5\n', 60],
    ['version 1', '90\ncache 30\ninactive_file 20\nactive_file 10\ntotal_active_file 10\n', 60],
    ["more cache than usage, by the kernel's batches", '20\ninactive_file 20\nactive_file 10\n', 0],
    ["the host's own, which has no usage", 'anon 40\ninactive_file 20\nactive_file 10\n', undefined],
    ['usage alone', '90\n', undefined],
    ['nothing', '', undefined],
  ])('by the files of its cgroup: %s', (_title, files, used) => {
    expect(usedByCgroup(files)).toBe(used);
  });
});
