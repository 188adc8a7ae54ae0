import { expect, it } from 'vitest';
import { JobFollower } from '../../../src/jobs/follow.ts';
import { framed } from '../../../src/jobs/frames.ts';
import type { ApiObject } from '../../../src/jobs/manifest.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';

const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', namespace: 'shop' } } as ApiObject;
const never = new AbortController().signal;
const silent = { show: () => undefined, note: () => undefined };

/** A pod of a shard that has ended with this code. */
function ended(index: number, exitCode: number): Pod {
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
  return {
    metadata: {
      name: `j-${index}`,
      namespace: 'shop',
      uid: String(index),
      annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
    },
    spec: { containers: [], serviceAccountName: 'default' },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [
        { name: 'n', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } },
      ],
    },
  };
}

/** @param logs of each pod; one that is a list changes with each reading */
async function followed(pods: readonly Pod[], logs: readonly (string | string[])[]) {
  const conditions = [
    { type: 'Failed', status: 'True', reason: 'FailedIndexes', message: 'Job has failed.' },
  ];
  const client = {
    async get(path: string) {
      return path.includes('/jobs/') ? { status: { conditions } } : { items: pods };
    },
    async text(path: string) {
      const log = logs[Number(/j-(\d)/.exec(path)?.[1])] ?? '';
      return typeof log === 'string' ? log : (log.shift() ?? '');
    },
  } as unknown as KubeClient;
  const follower = new JobFollower(client, job, pods.length, silent);
  await follower.follow(never);
  return follower.results;
}

it('tells of a shard without rights whose they are, beside what others have brought', async () => {
  const said =
    'error: you may not list and get pods in namespace "shop"; nothing was changed.\nsee rbac.md\n';
  const { evidence, failures, lacksRights } = await followed(
    [ended(0, 77), ended(1, 0)],
    [said, framed(Buffer.from('{}'))],
  );
  expect([...evidence.keys()]).toEqual([1]);
  expect([...failures]).toEqual([
    [
      0,
      'ServiceAccount "default" lacks rights: it may not list and get pods in namespace "shop"; nothing was changed',
    ],
  ]);
  expect(lacksRights).toBe(true);
});

it('takes what a shard said last for why it failed', async () => {
  const { failures, lacksRights } = await followed(
    [ended(0, 3)],
    ['error: the deadline of 1 s passed before anything was measured.\n'],
  );
  expect([...failures.values()]).toEqual(['the deadline of 1 s passed before anything was measured']);
  expect(lacksRights).toBe(false);
});

it('reads a log once more whose end is not there yet, and then takes it for lost', async () => {
  const whole = framed(Buffer.from('{}'));
  const late = await followed([ended(0, 0)], [[whole.slice(0, -20), whole]]);
  expect([...late.evidence.keys()]).toEqual([0]);
  expect([...late.failures]).toEqual([]);
  const lost = await followed([ended(0, 0)], [[whole.slice(0, -20), whole.slice(0, -20), whole]]);
  expect([...lost.evidence.keys()]).toEqual([]);
  expect([...lost.failures.values()]).toEqual([
    'its pod ended with exit code 0 (Completed), and its log has no whole evidence',
  ]);
});
