/** What is printed for a file of expectations. */
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../../../src/jobs/manifest.ts';
import { rule } from '../../../src/jobs/rights.ts';
import { FILES_FOLDER, type TestManifest, testObjects } from '../../../src/jobs/test-manifest.ts';

const spec: TestManifest = {
  name: 'nettools-test-shop',
  namespace: 'home',
  line: ['test', `--filename=${FILES_FOLDER}/shop.yaml`],
  files: { 'shop.yaml': 'kind: NetworkTest' },
  rights: {
    namespaced: new Map([
      ['home', [rule('', 'pods', 'get')]],
      ['data', [rule('', 'services', 'get')]],
    ]),
    cluster: [rule('', 'nodes', 'get list')],
  },
  job: {
    shards: 1,
    deadlineMs: 600_000,
    ttlMs: 60_000,
    nodeSelector: {},
    tolerations: [],
    requests: { cpu: '100m' },
    limits: { cpu: '1' },
    manifest: true,
  },
  session: {},
};

describe('the objects of a test', () => {
  it('are a ConfigMap, an account, its rights where they are needed, and a Job', () => {
    const all = testObjects(spec).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
    );
    expect(all).toEqual([
      'ConfigMap home/nettools-test-shop',
      'ServiceAccount home/nettools-test-shop',
      'Role home/nettools-test-shop',
      'RoleBinding home/nettools-test-shop',
      'Role data/nettools-test-shop',
      'RoleBinding data/nettools-test-shop',
      'ClusterRole /home-nettools-test-shop',
      'ClusterRoleBinding /home-nettools-test-shop',
      'Job home/nettools-test-shop',
    ]);
    for (const { kind, ...object } of testObjects(spec))
      if (kind.endsWith('Binding'))
        expect(object['subjects']).toEqual([
          { kind: 'ServiceAccount', name: 'nettools-test-shop', namespace: 'home' },
        ]);
  });

  it('are a CronJob by a schedule, and no rights with an account of the user', () => {
    const job = { ...spec.job, schedule: '@daily', serviceAccount: 'own' };
    const all = testObjects({ ...spec, job });
    expect(all.map(({ kind }) => kind)).toEqual(['ConfigMap', 'CronJob']);
    expect(JSON.stringify(all)).toContain('"serviceAccountName":"own"');
  });

  it('run the test with the files, and end where another try would end alike', () => {
    const job = testObjects(spec).at(-1) as ApiObject;
    const { template, ...rest } = job['spec'] as {
      readonly template: { readonly spec: Record<string, unknown> };
    };
    expect(rest).toMatchObject({ activeDeadlineSeconds: 660, backoffLimit: 2, ttlSecondsAfterFinished: 60 });
    expect(JSON.stringify(rest)).toContain('"values":[1,2,3]');
    expect(template.spec).toMatchObject({
      restartPolicy: 'Never',
      containers: [
        {
          args: spec.line,
          volumeMounts: [{ mountPath: '/tmp' }, { mountPath: FILES_FOLDER, readOnly: true }],
          securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
      ],
      volumes: [{ name: 'tmp' }, { configMap: { name: 'nettools-test-shop' } }],
    });
  });
});
