/** What is printed for a watch in the cluster. */
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../../../src/jobs/manifest.ts';
import { rule } from '../../../src/jobs/rights.ts';
import { watchObjects } from '../../../src/jobs/watch-manifest.ts';

const objects = watchObjects({
  name: 'nettools-watch-web',
  namespace: 'home',
  line: ['watch', 'deploy/web', '--to=svc/db:5432'],
  port: 9464,
  rights: { namespaced: new Map([['home', [rule('', 'pods', 'get')]]]), cluster: [] },
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
});

describe('the objects of a watch', () => {
  it('are an account, its rights and a Deployment', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding', 'Deployment']);
  });

  it('have one pod at a time, which is scraped at its own address', () => {
    const { spec } = objects.at(-1) as ApiObject & { readonly spec: Record<string, unknown> };
    expect(spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { 'kubectl-nettools/watch': 'nettools-watch-web' } },
      template: {
        metadata: {
          labels: { 'kubectl-nettools/watch': 'nettools-watch-web', 'sidecar.istio.io/inject': 'false' },
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': '9464',
            'prometheus.io/path': '/metrics',
          },
        },
        spec: {
          restartPolicy: 'Always',
          containers: [
            {
              args: ['watch', 'deploy/web', '--to=svc/db:5432', '--metrics=[$(POD_IP)]:9464'],
              env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
              ports: [{ containerPort: 9464 }],
              securityContext: { readOnlyRootFilesystem: true },
            },
          ],
        },
      },
    });
  });
});
