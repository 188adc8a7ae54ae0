/** The objects of `in-cluster test`: the file as a ConfigMap, the rights that it takes, and a Job or CronJob. Pure. */
import type { JobFlags } from '../model/job-args.ts';
import { JOB_LABELS } from '../open/many-targets.ts';
import {
  type ApiObject,
  CONTAINER,
  cronJobOf,
  grant,
  type JobSpec,
  POD_METADATA,
  podSpec,
} from './manifest.ts';
import type { TestRights } from './test-rights.ts';

/** Where the files are in the pod. */
export const FILES_FOLDER = '/etc/nettools';
/** Beyond its deadline: a killed command puts its targets back within 30 s. */
const END_SECONDS = 60;
/** What a run ends with where another would end alike: not met, wrong usage, not measured or proven. */
const SETTLED = [1, 2, 3];
/** A run that was lost with its pod is done again, so often. */
const RETRIES = 2;

export interface TestManifest {
  readonly name: string;
  readonly namespace: string;
  /** The command line in the pod. */
  readonly line: readonly string[];
  /** By their names in {@link FILES_FOLDER}. */
  readonly files: Readonly<Record<string, string>>;
  readonly rights: TestRights;
  readonly job: JobFlags;
  readonly session: JobSpec['session'];
}

/** In the order in which they may be created. */
export function testObjects(spec: TestManifest): readonly ApiObject[] {
  const { name, namespace, files, rights, job } = spec;
  const metadata = { name, namespace, labels: JOB_LABELS };
  const own = { name, namespace, isRun: false };
  const work: ApiObject = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: jobSpec(spec) };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files },
    ...(job.serviceAccount === undefined
      ? [
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
          ...[...rights.namespaced].flatMap(([where, rules]) => grant(own, rules, where)),
          ...(rights.cluster.length === 0 ? [] : grant(own, rights.cluster, undefined)),
        ]
      : []),
    job.schedule === undefined ? work : cronJobOf({ job: work }, job.schedule),
  ];
}

function jobSpec({ name, line, job, session }: TestManifest): object {
  return {
    backoffLimit: RETRIES,
    activeDeadlineSeconds: Math.ceil(job.deadlineMs / 1000) + END_SECONDS,
    ttlSecondsAfterFinished: Math.ceil(job.ttlMs / 1000),
    podFailurePolicy: {
      rules: [
        // A drained node is nobody's failure.
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'In', values: SETTLED } },
      ],
    },
    template: {
      metadata: POD_METADATA,
      spec: podSpec(name, line, job, session, {
        volumeMounts: [{ name: 'files', mountPath: FILES_FOLDER, readOnly: true }],
        volumes: [{ name: 'files', configMap: { name } }],
      }),
    },
  };
}
