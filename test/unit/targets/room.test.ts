import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import { readRoom, usedByMetrics, usedBySummary } from '../../../src/targets/room.ts';
import { usedByCgroup } from '../../../src/targets/room-by-exec.ts';
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

describe('the room of a pod', () => {
  const MIB = 1024 ** 2;
  const limited = pod({
    spec: {
      containers: [{ name: 'app', resources: { limits: { memory: '96Mi' } } }],
      nodeName: 'node1',
    },
  });
  const refusal = (status: number) => new ApiError(status, undefined, 'no');
  const summary = {
    pods: [{ podRef: { namespace: 'default', name: 'web-0' }, memory: { workingSetBytes: 80 * MIB } }],
  };
  const metrics = { containers: [{ name: 'app', usage: { memory: '81Mi' } }] };

  /** A client of an API that answers so, and the paths that were asked for. */
  function api(kubelet: unknown, server: unknown): { client: KubeClient; paths: string[] } {
    const paths: string[] = [];
    const get = async (path: string): Promise<unknown> => {
      paths.push(path);
      const answer = path.includes('/proxy/') ? kubelet : server;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { client: { get } as unknown as KubeClient, paths };
  }

  it('is asked for at both places at once', async () => {
    const { client, paths } = api(summary, metrics);
    await readRoom(client, limited);
    expect(paths).toEqual([
      '/api/v1/nodes/node1/proxy/stats/summary',
      '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web-0',
    ]);
  });

  it('costs no request where the pod has no limit', async () => {
    const { client, paths } = api(summary, metrics);
    expect(await readRoom(client, pod())).toEqual({ kind: 'unlimited' });
    expect(paths).toEqual([]);
  });

  it.each([
    ["is the kubelet's word where there is one", summary, metrics, 80],
    ["is metrics-server's where the kubelet may not be asked", refusal(403), metrics, 81],
    ["is metrics-server's where the kubelet does not list the pod", { pods: [] }, metrics, 81],
    ["is the kubelet's where there is no metrics API", summary, refusal(404), 80],
  ])('%s', async (_title, kubelet, server, used) => {
    expect(await readRoom(api(kubelet, server).client, limited)).toEqual({
      kind: 'known',
      limitBytes: 96 * MIB,
      usedBytes: used * MIB,
    });
  });

  it('is unknown, with the reason, where nobody tells, and never a failure', async () => {
    const { client } = api(refusal(403), new Error('reset'));
    expect(await readRoom(client, limited)).toEqual({
      kind: 'unknown',
      limitBytes: 96 * MIB,
      reason: 'the kubelet of its node may not be asked, the metrics API does not answer',
    });
  });
});
