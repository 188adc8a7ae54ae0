import { describe, expect, it } from 'vitest';
import type { PodTargetSpec } from '../../../src/model/args.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { choosePod, formatSelector, resolvePod } from '../../../src/targets/resolve.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';

describe('formatSelector', () => {
  it.each([
    [{}, ''],
    [{ matchLabels: {} }, ''],
    [{ matchLabels: { app: 'web' } }, 'app=web'],
    [{ matchLabels: { app: 'web', 'app.kubernetes.io/part-of': '' } }, 'app=web,app.kubernetes.io/part-of='],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }, 'tier in (a,b)'],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }, 'tier notin (a)'],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, 'tier'],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, '!tier'],
    [
      {
        matchLabels: { app: 'web' },
        matchExpressions: [
          { key: 'x', operator: 'Exists' },
          { key: 'y', operator: 'In', values: ['1'] },
        ],
      },
      'app=web,x,y in (1)',
    ],
  ])('%j is %s', (selector, text) => {
    expect(formatSelector(selector)).toBe(text);
  });
});

describe('choosePod', () => {
  const candidate = (name: string, { phase = 'Running', ready = true, deleting = false } = {}): Pod => ({
    metadata: { name, ...(deleting ? { deletionTimestamp: '2026-01-02T03:04:05Z' as unknown as Date } : {}) },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
  const chosen = (...pods: Pod[]) => choosePod(pods)?.metadata?.name;

  it.each<[string, string | undefined, Pod[]]>([
    ['nothing of nothing', undefined, []],
    ['the first by name of the ready ones', 'a', [candidate('b'), candidate('a')]],
    ['a ready one before one that only runs', 'b', [candidate('a', { ready: false }), candidate('b')]],
    [
      'one that runs where none is ready',
      'a',
      [candidate('b', { ready: false }), candidate('a', { ready: false })],
    ],
    [
      'none that is being deleted',
      'b',
      [candidate('a', { deleting: true }), candidate('b', { ready: false })],
    ],
    ['none that has not started', undefined, [candidate('a', { phase: 'Pending' })]],
    [
      'none that has ended',
      undefined,
      [candidate('a', { phase: 'Succeeded' }), candidate('b', { phase: 'Failed' })],
    ],
    ['one without any condition', 'a', [{ metadata: { name: 'a' }, status: { phase: 'Running' } }]],
  ])('takes %s', (_title, name, pods) => {
    expect(chosen(...pods)).toBe(name);
  });

  it('takes the same whatever the order is', () => {
    const pods = [candidate('c'), candidate('a', { ready: false }), candidate('b')];
    expect([chosen(...pods), chosen(...[...pods].reverse())]).toEqual(['b', 'b']);
    expect(pods.map((p) => p.metadata?.name)).toEqual(['c', 'a', 'b']);
  });
});

describe('resolvePod', () => {
  const PODS = '/api/v1/namespaces/default/pods';
  const podNamed = (name: string, phase: string, ready: boolean) => ({
    metadata: { name, labels: { app: 'web' } },
    spec: { nodeName: 'n' },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
  const many = (count: number, phase: string) =>
    Array.from({ length: count }, (_, i) => podNamed(`a${i}`, phase, false));
  const SELECTED = { kind: 'selector', selector: 'app=web' } as const;

  async function resolved(pods: readonly ReturnType<typeof podNamed>[]): Promise<Pod> {
    const server = await startApiServer({ lists: { [PODS]: pods } });
    const client = await clientOf(server);
    try {
      return await resolvePod(client, SELECTED);
    } finally {
      client.close();
      await server.close();
    }
  }

  it('finds the ready one on any page, whole, though all pods are more than 64 MiB', async () => {
    const ready = podNamed('z', 'Running', true);
    const large = many(1100, 'Running').map((pod) => ({ ...pod, long: 'x'.repeat(65_000) }));
    expect(await resolved([...large, ready])).toEqual(ready);
  });

  it('says what the first of many are in, where none runs', async () => {
    await expect(resolved(many(700, 'Pending'))).rejects.toThrow(
      'label selector app=web has no running pod in namespace "default" (a0 is Pending, a1 is Pending, a2 is Pending, …).',
    );
  });

  describe('of what is not there', () => {
    type Fault = NonNullable<NonNullable<Parameters<typeof startApiServer>[0]>['faults']>[string];

    async function refusal(target: PodTargetSpec, namespace: Fault, pods?: Fault): Promise<unknown> {
      const faults = {
        '/api/v1/namespaces/default': namespace,
        ...(pods === undefined ? {} : { [PODS]: pods }),
      };
      const server = await startApiServer({ lists: { [PODS]: [] }, faults });
      const client = await clientOf(server);
      try {
        return await resolvePod(client, target).catch((error: unknown) => error);
      } finally {
        client.close();
        await server.close();
      }
    }
    const missing = { status: 404, reason: 'NotFound' };
    const there = { status: 200, body: {} };
    const NAMED = { kind: 'name', name: 'web' } as const;

    it.each<[string, PodTargetSpec, Fault, RegExp]>([
      ['a pod in no namespace', NAMED, missing, /^there is no namespace "default"\.$/],
      ['a pod in a namespace', NAMED, there, /^no pod "web" in namespace "default"\.$/],
      ['a pod in what may not be read', NAMED, { status: 403 }, /^no pod "web" in namespace "default"\.$/],
      ['a workload', { kind: 'name', name: 'deploy/web' }, missing, /^there is no namespace "default"\.$/],
      ['labels', SELECTED, missing, /^there is no namespace "default"\.$/],
      [
        'labels in a namespace',
        SELECTED,
        there,
        /^label selector app=web has no pods in namespace "default"\.$/,
      ],
    ])('%s', async (_title, target, namespace, message) => {
      expect(await refusal(target, namespace)).toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(message),
      });
    });

    it('a selector that is none', async () => {
      const message = "unable to parse requirement: found '!', expected: identifier";
      const body = { kind: 'Status', status: 'Failure', code: 400, reason: 'BadRequest', message };
      const told = await refusal({ kind: 'selector', selector: '!!' }, there, { status: 400, body });
      expect(told).toMatchObject({ exitCode: 2, message: `"!!" is no label selector: ${message}.` });
    });
  });
});
