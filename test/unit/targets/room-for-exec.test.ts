import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { whyNoExec } from '../../../src/targets/room-for-exec.ts';

const podOf = (...limits: readonly Record<string, string>[]): Pod => ({
  metadata: { name: 'web', namespace: 'n' },
  spec: {
    nodeName: 'node1',
    containers: limits.map((own, i) => ({ name: `c${i}`, resources: { limits: own } })),
  },
});
/** The kubelet says how much of the pod is in use; absent: it may not be asked, nor may anybody else. */
const clientSaying = (usedMib?: number): KubeClient =>
  ({
    get: async (path: string) => {
      if (usedMib === undefined || !path.includes('/stats/summary')) throw new ApiError(403, undefined, 'no');
      const memory = { workingSetBytes: usedMib * 1024 ** 2 };
      return { pods: [{ podRef: { namespace: 'n', name: 'web' }, memory, containers: [] }] };
    },
  }) as unknown as KubeClient;

describe('a program in an application itself', () => {
  it.each<[string, Pod, number | undefined, RegExp | undefined]>([
    ['has no limit of memory', podOf({ cpu: '250m' }), undefined, undefined],
    ['has a large one', podOf({ cpu: '250m', memory: '128Mi' }), undefined, undefined],
    ['has a small one', podOf({ cpu: '250m', memory: '32Mi' }), undefined, /memory limit/],
    ['has a small one, and is idle', podOf({ cpu: '250m', memory: '32Mi' }), 1, undefined],
    ['is full', podOf({ cpu: '250m', memory: '128Mi' }), 125, /memory limit/],
    ['is small in a large pod', podOf({ memory: '32Mi' }, { memory: '512Mi' }), 100, /memory limit/],
    [
      'has hardly any CPU',
      podOf({ cpu: '20m' }),
      undefined,
      /take its CPU for a second, with a limit of 20m/,
    ],
  ])('where it %s', async (_what, pod, used, why) => {
    const said = await whyNoExec(clientSaying(used), pod, 'c0');
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(why);
  });
});
