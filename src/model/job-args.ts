/** What `in-cluster` is told: a command that runs as a Job, and the Job. Durations are in milliseconds. */
import type {
  ConnectionFlags,
  ManyTargets,
  MatrixArgs,
  ReportFlags,
  SessionFlags,
  TargetSpec,
} from './args.ts';

import type { TestArgs } from './test-args.ts';
import type { WatchArgs } from './watch-args.ts';

/** What a shard ends with that lacks rights: another try would end alike. EX_NOPERM of sysexits.h. */
export const NO_RIGHTS_EXIT_CODE = 77;

/** A toleration as a pod has it. */
export interface Toleration {
  readonly key?: string;
  readonly operator: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
}

/** Amounts by the resource's name: `{ cpu: '1', memory: '1Gi' }`. */
export type Amounts = Readonly<Record<string, string>>;

/** The Job itself. */
export interface JobFlags {
  readonly shards: number;
  /** Shards that run at once; absent: all. */
  readonly parallelism?: number;
  /** How long one shard may take. */
  readonly deadlineMs: number;
  /** How long the Job stays when it has ended and nobody removed it. */
  readonly ttlMs: number;
  /** One that exists and has its rights already. */
  readonly serviceAccount?: string;
  /** The image with the program. */
  readonly image?: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly requests: Amounts;
  readonly limits: Amounts;
  /** Print the objects and create nothing. */
  readonly manifest: boolean;
  /** Of a CronJob. */
  readonly schedule?: string;
}

/** What the Job's command is to look at, to divide it and to know the rights that it takes. */
export type JobWork = { readonly usesNodes: boolean } & (
  | { readonly kind: 'one'; readonly target: TargetSpec }
  | { readonly kind: 'many'; readonly many: ManyTargets }
  | { readonly kind: 'matrix'; readonly matrix: MatrixArgs }
);

/** What `in-cluster test` is told: the objects are printed, for whoever applies them. */
export interface InClusterTestArgs {
  readonly test: TestArgs;
  readonly job: JobFlags;
  /** Each pod's command line, but for its namespace and its files. */
  readonly line: readonly string[];
}

/** What `in-cluster watch` is told: the objects are printed, for whoever applies them. */
export interface InClusterWatchArgs {
  readonly watch: WatchArgs;
  /** Where it serves metrics, at the pod's own address. */
  readonly port: number;
  readonly job: JobFlags;
  /** The pod's command line, but for its namespace and its port. */
  readonly line: readonly string[];
}

export interface InClusterArgs {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  readonly report: ReportFlags;
  /** The command line that each shard runs, but for its namespace. */
  readonly line: readonly string[];
  readonly work: JobWork;
  readonly job: JobFlags;
}
