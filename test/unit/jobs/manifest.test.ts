import { describe, expect, it } from 'vitest';
import { cliImage, cronJobOf, type JobSpec, jobObjects } from '../../../src/jobs/manifest.ts';

const spec: JobSpec = {
  name: 'nettools-1',
  namespace: 'shop',
  line: ['routing', 'a', 'b', '--namespace=shop'],
  work: {
    kind: 'many',
    usesNodes: false,
    many: {
      named: [],
      every: true,
      allNamespaces: false,
      nodes: false,
      atOnce: 8,
      most: 100,
      isSure: false,
    },
  },
  job: {
    shards: 7,
    deadlineMs: 600_000,
    ttlMs: 60_000,
    nodeSelector: {},
    tolerations: [],
    requests: { cpu: '100m' },
    limits: { cpu: '1' },
    manifest: false,
  },
  session: {},
  isRun: true,
};

const jobSpecOf = (more: Partial<JobSpec['job']>) =>
  jobObjects({ ...spec, job: { ...spec.job, ...more } }).job['spec'] as Record<string, unknown>;

describe('the Job', () => {
  it('ends after its shards have had their time, one after the other where they run so', () => {
    expect(jobSpecOf({})).toMatchObject({ parallelism: 7, activeDeadlineSeconds: 720 });
    expect(jobSpecOf({ parallelism: 3 })).toMatchObject({
      parallelism: 3,
      activeDeadlineSeconds: 3 * 660 + 60,
    });
    expect(jobSpecOf({ parallelism: 50 })).toMatchObject({ parallelism: 7, activeDeadlineSeconds: 720 });
    expect(jobSpecOf({})).toMatchObject({ ttlSecondsAfterFinished: 60, completions: 7 });
  });

  it('gives each shard the same line, which a shell never sees', () => {
    const { template } = jobSpecOf({}) as { template: { spec: { containers: Record<string, unknown>[] } } };
    const [container] = template.spec.containers;
    expect(container?.['args']).toEqual(['__shard', '7', '600', ...spec.line]);
    expect(container).not.toHaveProperty('command');
  });

  it('makes no account and no rights where there is a ServiceAccount', () => {
    const objects = jobObjects({ ...spec, job: { ...spec.job, serviceAccount: 'ops' } });
    expect(objects).toMatchObject({ namespaced: [], cluster: [] });
    expect(objects).not.toHaveProperty('account');
    expect(objects.job['spec']).toMatchObject({ template: { spec: { serviceAccountName: 'ops' } } });
  });

  it('marks cluster-wide objects of a run alone, so that no other run removes those of a manifest', () => {
    const { work } = spec;
    if (work.kind !== 'many') throw new Error('it is many');
    const wide = { ...work, many: { ...work.many, nodes: true } };
    const labels = (isRun: boolean) =>
      jobObjects({ ...spec, work: wide, isRun }).cluster.map(
        ({ metadata }) => (metadata['labels'] as Record<string, string>)['kubectl-nettools/run'],
      );
    expect(labels(true)).toEqual(['true', 'true']);
    expect(labels(false)).toEqual([undefined, undefined]);
  });

  it('is what a CronJob runs, never twice at a time', () => {
    const objects = jobObjects(spec);
    const cron = cronJobOf(objects, '@daily');
    expect(cron['spec']).toMatchObject({
      schedule: '@daily',
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: objects.job['spec'] },
    });
  });
});

describe('its image', () => {
  it('is beside that of the sessions, from the mirror where there is one', () => {
    expect(cliImage({}, undefined)).toBe('localhost/nettools:dev-cli');
    expect(cliImage({ mirror: 'r.example/team' }, undefined)).toBe('r.example/team/nettools:dev-cli');
    expect(cliImage({ mirror: 'r.example/team' }, 'other:1')).toBe('other:1');
  });
});
