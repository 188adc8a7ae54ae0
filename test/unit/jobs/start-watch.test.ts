import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../../../src/jobs/manifest.ts';
import { type GivenUp, StartWatch } from '../../../src/jobs/start-watch.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';

const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', namespace: 'shop' } } as ApiObject;
const never = new AbortController().signal;

const SELECTOR = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector";
const PREEMPTION = ' preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';

function pod(uid: string, status: Pod['status']): Pod {
  return {
    metadata: { name: `j-${uid}`, uid },
    spec: { containers: [{ name: 'nettools', image: 'r.example/cli:1' }] },
    status: { phase: 'Pending', ...status },
  };
}

const homeless = (uid: string, message = `${SELECTOR}.${PREEMPTION}`): Pod =>
  pod(uid, { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] });
const waiting = (uid: string, reason: string, message?: string): Pod =>
  pod(uid, {
    containerStatuses: [
      {
        name: 'nettools',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
      },
    ],
  });
const running = (uid: string): Pod => pod(uid, { phase: 'Running' });

interface Event {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind?: string; readonly uid?: string };
}

/** A Job in a namespace with these events, looked at at some seconds. */
function watched(events: readonly Event[] | ApiError = []) {
  const notes: string[] = [];
  const asked: string[] = [];
  const client = {
    async get(_path: string, { query }: { query: Record<string, string> }) {
      const selector = query['fieldSelector'] ?? '';
      asked.push(selector);
      if (events instanceof ApiError) throw events;
      const reason = /reason=(\w+)/.exec(selector)?.[1];
      return { items: events.filter((one) => reason === undefined || one.reason === reason) };
    },
  } as unknown as KubeClient;
  const watch = new StartWatch(client, job, (text) => notes.push(text));
  const at = (seconds: number, ...pods: readonly Pod[]): Promise<GivenUp | undefined> =>
    watch.look(pods, seconds * 1000, never);
  return { notes, asked, at };
}

describe('pods that no node takes', () => {
  it('are told within seconds, and given up on after a minute', async () => {
    const { notes, asked, at } = watched();
    expect(await at(0, homeless('a'))).toBeUndefined();
    expect(notes).toEqual([]);
    expect(await at(2, homeless('a'))).toBeUndefined();
    expect(notes).toEqual([`no node takes a pod of the Job so far: ${SELECTOR}`]);
    expect(await at(59, homeless('a'))).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await at(60, homeless('a'))).toEqual({
      why: `no node takes the Job's pods: ${SELECTOR}`,
      hint: "--node-selector, --toleration and --requests say which nodes may take the Job's pods.",
    });
    expect(notes).toHaveLength(1);
  });

  it('are waited for where an autoscaler adds a node for one of them', async () => {
    const involvedObject = { kind: 'Pod', uid: 'a' };
    const { notes, at } = watched([
      {
        reason: 'TriggeredScaleUp',
        message: 'pod triggered scale-up: [{pool 1->2 (max: 5)}]',
        involvedObject,
      },
    ]);
    for (const seconds of [0, 2, 70, 200, 299]) expect(await at(seconds, homeless('a'))).toBeUndefined();
    expect(notes.at(-1)).toBe('a node is being added: pod triggered scale-up: [{pool 1->2 (max: 5)}]');
    expect(notes).toHaveLength(2);
    expect(await at(300, homeless('a'))).toMatchObject({ why: `no node takes the Job's pods: ${SELECTOR}` });
  });

  it('are not waited for where it adds one for others', async () => {
    const involvedObject = { kind: 'Pod', uid: 'other' };
    const { at } = watched([{ reason: 'Nominated', message: 'nodeclaim/x', involvedObject }]);
    await at(0, homeless('a'));
    expect(await at(60, homeless('a'))).toMatchObject({ why: `no node takes the Job's pods: ${SELECTOR}` });
  });

  it('are waited for where nobody may see what an autoscaler does', async () => {
    const { notes, at } = watched(new ApiError(403, 'Forbidden', 'no'));
    for (const seconds of [0, 2, 70, 299]) expect(await at(seconds, homeless('a'))).toBeUndefined();
    expect(notes.at(-1)).toMatch(
      /^whether a node is being added cannot be seen without the right to list events$/,
    );
    expect(await at(300, homeless('a'))).toBeDefined();
  });

  it('wait as long as another one runs, and a minute from then on', async () => {
    const { at } = watched();
    for (const seconds of [0, 100, 1000])
      expect(await at(seconds, homeless('a'), running('b'))).toBeUndefined();
    for (const seconds of [1002, 1061]) expect(await at(seconds, homeless('a'))).toBeUndefined();
    expect(await at(1062, homeless('a'))).toBeDefined();
  });
});

it('pods that are held back by somebody are no matter of nodes', async () => {
  const { notes, at } = watched();
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }];
  for (const seconds of [0, 2, 299]) expect(await at(seconds, pod('a', { conditions }))).toBeUndefined();
  expect(notes).toEqual([]);
  expect(await at(300, pod('a', { conditions }))).toEqual({
    why: `no pod of the Job started within 5 minutes: ${message}`,
  });
});

describe('containers that cannot start', () => {
  it.each([
    ['ErrImageNeverPull', 0, 2],
    ['InvalidImageName', 0, 2],
    ['ErrImagePull', 18, 20],
    ['CreateContainerConfigError', 18, 20],
  ])('for %s are waited for %i s', async (reason, still, over) => {
    const { at } = watched();
    await at(0, waiting('a', reason, 'no such image.'));
    expect(await at(still, waiting('a', reason, 'no such image.'))).toBeUndefined();
    expect(await at(over, waiting('a', reason, 'no such image.'))).toMatchObject({
      why: `the Job's pods cannot start: ${reason} of r.example/cli:1: no such image`,
      hint: expect.stringContaining('--job-image'),
    });
  });

  it('are told with the cause of the first pull, not with the back-off', async () => {
    const { notes, at } = watched();
    await at(0, waiting('a', 'ErrImagePull', 'unauthorized'));
    await at(14, waiting('a', 'ImagePullBackOff', 'Back-off pulling image'));
    expect(notes).toEqual([
      'a pod of the Job cannot start so far: ErrImagePull of r.example/cli:1: unauthorized',
    ]);
    expect(await at(20, waiting('a', 'ImagePullBackOff', 'Back-off'))).toMatchObject({
      why: "the Job's pods cannot start: ErrImagePull of r.example/cli:1: unauthorized",
    });
  });

  it('do not end what another pod may still bring', async () => {
    const { at } = watched();
    await at(0, waiting('a', 'ErrImagePull'), running('b'));
    expect(await at(60, waiting('a', 'ErrImagePull'), running('b'))).toBeUndefined();
    expect(await at(62, waiting('a', 'ErrImagePull'))).toBeUndefined();
    expect(await at(82, waiting('a', 'ErrImagePull'))).toBeDefined();
  });

  it('that only take long have five minutes, and what the kubelet warns of is told', async () => {
    const involvedObject = { kind: 'Pod', uid: 'a' };
    const { notes, at } = watched([{ reason: 'FailedMount', message: 'no such Secret.', involvedObject }]);
    for (const seconds of [0, 20])
      expect(await at(seconds, waiting('a', 'ContainerCreating'))).toBeUndefined();
    expect(notes).toEqual([]);
    expect(await at(32, waiting('a', 'ContainerCreating'))).toBeUndefined();
    expect(notes).toEqual(['a pod of the Job does not start so far: no such Secret']);
    expect(await at(300, waiting('a', 'ContainerCreating'))).toEqual({
      why: 'no pod of the Job started within 5 minutes: ContainerCreating',
    });
  });
});

describe('a Job without pods', () => {
  const refused: Event = {
    reason: 'FailedCreate',
    message: 'Error creating: pods "j-0-x" is forbidden: exceeded quota: all',
    involvedObject: { kind: 'Job' },
  };
  const why = `the Job's pods are refused: pods "j-0-x" is forbidden: exceeded quota: all`;

  it('whose controller is refused them is told so, and ends after 15 s', async () => {
    const { notes, at } = watched([refused]);
    expect(await at(0)).toBeUndefined();
    expect(await at(2)).toBeUndefined();
    expect(notes).toEqual([
      'pods of the Job are refused so far: pods "j-0-x" is forbidden: exceeded quota: all',
    ]);
    expect(await at(15)).toEqual({ why });
  });

  it('has a minute where it had some: a failed shard is done again later', async () => {
    const { at } = watched([refused]);
    await at(0, running('a'));
    for (const seconds of [10, 30, 69]) expect(await at(seconds)).toBeUndefined();
    expect(await at(70)).toEqual({ why });
  });

  it.each([[[]], [new ApiError(403, 'Forbidden', 'no')]])(
    'for a reason that nobody knows ends after 5 minutes',
    async (events) => {
      const { notes, at } = watched(events);
      for (const seconds of [0, 2, 200]) expect(await at(seconds)).toBeUndefined();
      expect(notes).toEqual([]);
      expect(await at(300)).toEqual({ why: 'no pod of the Job was made within 5 minutes' });
    },
  );
});
