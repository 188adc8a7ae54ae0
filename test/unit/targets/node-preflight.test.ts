import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { NodePodSpec } from '../../../src/targets/node-pod.ts';
import { NODE_RIGHTS, nodePreflight } from '../../../src/targets/node-preflight.ts';

const SPEC: NodePodSpec = {
  node: '',
  image: 'r.example/nettools:1',
  imagePullPolicy: 'IfNotPresent',
  pullSecret: undefined,
  choice: 'auto',
  switching: false,
  watching: true,
  idleSeconds: 600,
  deadlineSeconds: 3600,
  keep: false,
  toolVersion: '0.1.0',
};
const spec = (node: string): NodePodSpec => ({ ...SPEC, node });
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Allows all but a verb, and counts what it is asked. */
function answering(denied?: string, failing?: () => unknown) {
  const asked: string[] = [];
  const client = {
    post: async (path: string, body: { spec: { resourceAttributes?: { verb: string } } }) => {
      asked.push(path);
      await Promise.resolve();
      const error = path === REVIEWS ? failing?.() : undefined;
      if (error !== undefined) throw error;
      return { status: { allowed: body.spec.resourceAttributes?.verb !== denied } };
    },
  } as unknown as KubeClient;
  return { client, reviews: () => asked.filter((path) => path === REVIEWS).length };
}

describe('nodePreflight', () => {
  it('asks once for the rights of a namespace, of however many nodes at a time', async () => {
    const { client, reviews } = answering();
    const open = (node: string, namespace = 'team') => nodePreflight(client, namespace, spec(node));
    const both = await Promise.all([open('node1'), open('node2')]);
    expect(both.map(({ missingRights }) => missingRights)).toEqual([[], []]);
    expect(reviews()).toBe(NODE_RIGHTS.length);
    // Another namespace has its own, and what was true a moment ago is not taken for what is.
    await Promise.all([open('node1'), open('node1', 'other')]);
    expect(reviews()).toBe(3 * NODE_RIGHTS.length);
  });

  it('tells each of them what is missing', async () => {
    const { client } = answering('delete');
    const both = await Promise.all(
      ['node1', 'node2'].map((node) => nodePreflight(client, 'team', spec(node))),
    );
    for (const { missingRights, profile } of both) {
      expect(missingRights).toEqual([{ verb: 'delete', resource: 'pods' }]);
      expect(profile).toBeUndefined();
    }
  });

  it('asks again for one that waited for another who gave up', async () => {
    let failures = 0;
    const { client } = answering(undefined, () =>
      ++failures <= NODE_RIGHTS.length ? new ApiError(503, undefined, 'busy') : undefined,
    );
    const [first, second] = await Promise.allSettled(
      ['node1', 'node2'].map((node) => nodePreflight(client, 'team', spec(node))),
    );
    expect(first?.status).toBe('rejected');
    expect(second).toMatchObject({ status: 'fulfilled', value: { missingRights: [] } });
  });
});
