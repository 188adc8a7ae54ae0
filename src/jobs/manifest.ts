/** The objects of a Job, as they are created or printed. Pure. */

import type { SessionFlags } from '../model/args.ts';
import { type JobFlags, type JobWork, NO_RIGHTS_EXIT_CODE } from '../model/job-args.ts';
import { defaultImage, version } from '../model/version.ts';
import { imageFor } from '../open/image.ts';
import { JOB_LABELS } from '../open/many-targets.ts';
import { UNPRIVILEGED_ID } from '../targets/profiles.ts';
import { type JobRights, rightsOf } from './rights.ts';

/** An object as the API takes it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** All that a run makes, in the order in which it may be created. */
export interface JobObjects {
  readonly job: ApiObject;
  /** Absent with a ServiceAccount of the user's. */
  readonly account?: ApiObject;
  /** Roles and their bindings in the Job's namespace. */
  readonly namespaced: readonly ApiObject[];
  /** ClusterRoles and their bindings, which nothing in a namespace can own. */
  readonly cluster: readonly ApiObject[];
}

/** What the objects are made of. */
export interface JobSpec {
  /** Of all of them. */
  readonly name: string;
  readonly namespace: string;
  /** The command line of a shard, its namespace included. */
  readonly line: readonly string[];
  readonly work: JobWork;
  readonly job: JobFlags;
  readonly session: Pick<SessionFlags, 'mirror' | 'pullSecret' | 'imagePullPolicy'>;
  /** Created by this program, and removed by it; else printed. */
  readonly isRun: boolean;
}

/** On cluster-wide objects of a run that this program follows to its end; a manifest's are for whoever applied it. */
export const RUN_LABEL = 'kubectl-nettools/run';

/** Of every pod that runs this program. */
export const CONTAINER = 'nettools';
/** A shard that was lost with its pod is done again, so often. */
const RETRIES = 2;
/** What a shard may take beyond its time: to end its sessions, and to hand over what it has. */
const HANDOVER_SECONDS = 60;
/** What a shard ends with where another try would end alike: findings, something not measured, wrong usage, no rights. */
const SETTLED = [1, 2, 3, NO_RIGHTS_EXIT_CODE];
/** A killed command puts its targets back within 30 s (src/open/deadline.ts). */
const GRACE_SECONDS = 45;

/** The image that holds this very program: beside the tools' own, with a tag of its own. */
export function cliImage(session: Pick<SessionFlags, 'mirror'>, image: string | undefined): string {
  if (image !== undefined) return image;
  const [, repository = '', tag] = /^([^@]*?)(?::([\w.-]+))?(?:@.*)?$/.exec(defaultImage) ?? [];
  return imageFor(session, `${repository}:${tag ?? `v${version}`}-cli`);
}

export function jobObjects(spec: JobSpec): JobObjects {
  const { name, namespace, job } = spec;
  const own = job.serviceAccount === undefined;
  const { namespaced, cluster } = own ? rightsOf(spec.work) : { namespaced: [], cluster: [] };
  return {
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace, labels: JOB_LABELS },
      spec: jobSpec(spec),
    },
    ...(own
      ? {
          account: {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name, namespace, labels: JOB_LABELS },
            automountServiceAccountToken: false,
          },
        }
      : {}),
    namespaced: namespaced.length === 0 ? [] : grant(spec, namespaced, namespace),
    cluster: cluster.length === 0 ? [] : grant(spec, cluster, undefined),
  };
}

/** A CronJob of the same Job. */
export function cronJobOf({ job }: Pick<JobObjects, 'job'>, schedule: string): ApiObject {
  const { name, namespace, labels } = job.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels },
    spec: {
      schedule,
      // Two at once would disturb each other's measurements.
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: { labels }, spec: job['spec'] },
    },
  };
}

/** A Role, or without a namespace a ClusterRole, and its binding to the ServiceAccount. */
export function grant(
  { name, namespace: home, isRun }: Pick<JobSpec, 'name' | 'namespace' | 'isRun'>,
  rules: JobRights['namespaced'],
  namespace: string | undefined,
): ApiObject[] {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = {
    // Cluster-wide, a name has to tell its namespace's runs from others'.
    name: namespace === undefined ? `${home}-${name}` : name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...JOB_LABELS, ...(namespace === undefined && isRun ? { [RUN_LABEL]: 'true' } : {}) },
  };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind, metadata, rules },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: home }],
    },
  ];
}

/** Of every pod that runs this program. */
export const POD_METADATA = {
  // Newer meshes read the label, older ones the annotation; a sidecar would never let the pod end.
  labels: { ...JOB_LABELS, 'sidecar.istio.io/inject': 'false' },
  annotations: {
    'sidecar.istio.io/inject': 'false',
    'linkerd.io/inject': 'disabled',
    // An autoscaler that moves it would begin it again.
    'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  },
};

function jobSpec({ name, line, work, job, session }: JobSpec): object {
  const { shards, parallelism = shards } = job;
  const limitSeconds = Math.ceil(job.deadlineMs / 1000);
  const rounds = Math.ceil(shards / parallelism);
  return {
    completions: shards,
    parallelism: Math.min(parallelism, shards),
    completionMode: 'Indexed',
    backoffLimitPerIndex: RETRIES,
    podReplacementPolicy: 'Failed',
    // A Job that is ended by its deadline takes its pods' logs with it: each shard ends itself before.
    activeDeadlineSeconds: rounds * (limitSeconds + HANDOVER_SECONDS) + HANDOVER_SECONDS,
    ttlSecondsAfterFinished: Math.ceil(job.ttlMs / 1000),
    podFailurePolicy: {
      rules: [
        // A drained node is nobody's failure.
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailIndex', onExitCodes: { containerName: CONTAINER, operator: 'In', values: SETTLED } },
      ],
    },
    template: {
      metadata: POD_METADATA,
      spec: podSpec(
        name,
        ['__shard', String(work.kind === 'one' ? 1 : shards), String(limitSeconds), ...line],
        job,
        session,
      ),
    },
  };
}

/** What a pod has besides: where it listens, and what it reads. */
interface PodExtras {
  /** Absent: none is made again. */
  readonly restartPolicy?: 'Always';
  readonly container?: object;
  readonly volumeMounts?: readonly object[];
  readonly volumes?: readonly object[];
}

/** It meets the Pod Security Standard "restricted" and quotas that ask for requests and limits. */
export function podSpec(
  name: string,
  args: readonly string[],
  job: JobFlags,
  session: JobSpec['session'],
  { restartPolicy, container = {}, volumeMounts = [], volumes = [] }: PodExtras = {},
): object {
  return {
    serviceAccountName: job.serviceAccount ?? name,
    automountServiceAccountToken: true,
    restartPolicy: restartPolicy ?? 'Never',
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    ...(session.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: session.pullSecret }] }),
    ...(Object.keys(job.nodeSelector).length === 0 ? {} : { nodeSelector: job.nodeSelector }),
    ...(job.tolerations.length === 0 ? {} : { tolerations: job.tolerations }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UNPRIVILEGED_ID,
      runAsGroup: UNPRIVILEGED_ID,
      fsGroup: UNPRIVILEGED_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: CONTAINER,
        image: cliImage(session, job.image),
        ...(session.imagePullPolicy === undefined ? {} : { imagePullPolicy: session.imagePullPolicy }),
        args,
        resources: { requests: job.requests, limits: job.limits },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        ...container,
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...volumeMounts],
        // The last lines of its log say why it failed where nothing else does.
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }, ...volumes],
  };
}
