/** The objects of `in-cluster watch`: a Deployment whose one pod watches and serves metrics. Pure. */
import type { JobFlags } from '../model/job-args.ts';
import { JOB_LABELS } from '../open/many-targets.ts';
import { type ApiObject, grant, type JobSpec, POD_METADATA, podSpec } from './manifest.ts';
import type { TestRights } from './test-rights.ts';

/** Of its port in the manifest. */
const PORT_NAME = 'metrics';
const WATCH_LABEL = 'kubectl-nettools/watch';

export interface WatchManifest {
  readonly name: string;
  readonly namespace: string;
  /** The command line in the pod, but for where it serves metrics. */
  readonly line: readonly string[];
  readonly port: number;
  readonly rights: TestRights;
  readonly job: JobFlags;
  readonly session: JobSpec['session'];
}

/** In the order in which they may be created. */
export function watchObjects(spec: WatchManifest): readonly ApiObject[] {
  const { name, namespace, line, port, rights, job, session } = spec;
  const metadata = { name, namespace, labels: JOB_LABELS };
  const own = { name, namespace, isRun: false };
  const selected = { [WATCH_LABEL]: name };
  return [
    ...(job.serviceAccount === undefined
      ? [
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
          ...[...rights.namespaced].flatMap(([where, rules]) => grant(own, rules, where)),
          ...(rights.cluster.length === 0 ? [] : grant(own, rights.cluster, undefined)),
        ]
      : []),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: selected },
        // Two at once would count each outage twice.
        strategy: { type: 'Recreate' },
        template: {
          metadata: {
            labels: { ...POD_METADATA.labels, ...selected },
            annotations: {
              ...POD_METADATA.annotations,
              'prometheus.io/scrape': 'true',
              'prometheus.io/port': String(port),
              'prometheus.io/path': '/metrics',
            },
          },
          spec: podSpec(name, [...line, `--metrics=[$(POD_IP)]:${port}`], job, session, {
            restartPolicy: 'Always',
            container: {
              env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
              ports: [{ name: PORT_NAME, containerPort: port }],
            },
          }),
        },
      },
    },
  ];
}
