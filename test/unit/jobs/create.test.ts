import { expect, it } from 'vitest';
import { dryRun } from '../../../src/jobs/create.ts';
import type { ApiObject, JobObjects } from '../../../src/jobs/manifest.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';

const object = (apiVersion: string, kind: string): ApiObject => ({
  apiVersion,
  kind,
  metadata: { name: 'j', namespace: 'shop' },
});
const objects: JobObjects = {
  job: { ...object('batch/v1', 'Job'), spec: { template: {} } },
  account: object('v1', 'ServiceAccount'),
  namespaced: [],
  cluster: [],
};

/** An API server that refuses one path. */
const refusing = (end: string, message: string): KubeClient =>
  ({
    async post(path: string) {
      if (path.endsWith(end)) throw new ApiError(403, 'Forbidden', message);
      return {};
    },
  }) as unknown as KubeClient;

it.each([
  [
    '/jobs',
    'jobs.batch is forbidden: User "x" cannot create resource "jobs" in API group "batch" in the namespace "shop"',
    'you may not create jobs.batch in namespace "shop"; the API server knows you as "x"; nothing was changed.',
    /rbac\.md/,
  ],
  [
    '/serviceaccounts',
    'serviceaccounts is forbidden: User "x" cannot create resource "serviceaccounts" in API group "" in the namespace "shop"',
    'you may not create serviceaccounts in namespace "shop"; the API server knows you as "x"; nothing was changed.',
    /--service-account NAME/,
  ],
  [
    '/jobs',
    'admission webhook "no.example" denied the request.',
    'the Job is refused: admission webhook "no.example" denied the request; nothing was changed.',
    undefined,
  ],
])('tells of a refused %s who refuses it: %s', async (end, message, says, hint) => {
  const tried = dryRun(refusing(end, message), objects, new AbortController().signal);
  await expect(tried).rejects.toMatchObject({
    exitCode: 3,
    message: says,
    hint: hint === undefined ? undefined : expect.stringMatching(hint),
  });
});
