// What the command line says, once it is known to be well-formed. Durations are in milliseconds.

import type { PushTarget } from './exposition.ts';

/** kubectl's connection flags; each one that is absent is left to the kubeconfig. */
export interface ConnectionFlags {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly asUid?: string;
  readonly token?: string;
  readonly server?: string;
  /** 0, as in kubectl, means no limit. */
  readonly requestTimeoutMs?: number;
  readonly insecureSkipTlsVerify?: boolean;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly tlsServerName?: string;
}

/** A pod: TARGET as it was typed (`web-0`, `deploy/web`), or the label selector that stands in its place. */
export type PodTargetSpec =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'selector'; readonly selector: string };

/** What is in a cluster. */
export type ClusterTargetSpec =
  | PodTargetSpec
  /** A node of the cluster, in its own network namespace. */
  | { readonly kind: 'node'; readonly name: string };

/** What a command is to look at. */
export type TargetSpec =
  | ClusterTargetSpec
  /** A container of a Docker engine, by name or id. */
  | { readonly kind: 'docker'; readonly name: string }
  /** A network namespace of this machine: a name under /run/netns, or a path. */
  | { readonly kind: 'netns'; readonly where: string }
  /** The network namespace of a process of this machine. */
  | { readonly kind: 'pid'; readonly pid: number }
  /** This machine, in the namespace that the tool itself is in. */
  | { readonly kind: 'local' };

/** Into a pod, or by its node; `auto`: into it where it has room for it. */
export type ViaChoice = 'auto' | 'pod' | 'node';
export type ProfileChoice = 'auto' | 'netadmin' | 'baseline' | 'restricted';
export type ImagePullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** How the tool gets into the target. */
export interface SessionFlags {
  /** The container whose namespaces the ephemeral container shares beyond the network; default: the first one. */
  readonly container?: string;
  /** Default: the image of this version. */
  readonly image?: string;
  /** A registry, with or without a path, that stands in the place of the default image's. */
  readonly mirror?: string;
  /** A Secret of type kubernetes.io/dockerconfigjson in the namespace of a pod that the tool itself creates. */
  readonly pullSecret?: string;
  readonly imagePullPolicy?: ImagePullPolicy;
  readonly profile: ProfileChoice;
  /** Which way to take to a pod; other targets have one way. */
  readonly via: ViaChoice;
  /** How long what was put there lives with nothing running in it. */
  readonly idleMs: number;
  /** Leave what can be removed (a node's pod, a Docker container) for the next command, until it was idle so long. */
  readonly keep: boolean;
  /** Where a node's pod is made; default: the namespace of the connection. */
  readonly debugNamespace?: string;
  /** Another network namespace of the target's machine to switch into, as `netns ls` names it. */
  readonly netns?: string;
  /**
   * A BPF program is loaded there: from the machine of the target, with what that takes. `if-admitted`: on a node alone, without
   * sight of its processes; where a pod is refused with the rights for it, without.
   */
  readonly watchesKernel?: true | 'if-admitted';
  /** The time that the start of the container may take. */
  readonly timeoutMs: number;
  /** The time that all may take, where the user has set one: until a result is there, or a shell or command begins. */
  readonly limitMs?: number;
}

export type OutputFormat = 'table' | 'json' | 'yaml';
/** What a report can be printed as. */
export type ReportFormat = OutputFormat | 'junit' | 'markdown' | LateFormat;
/** Those whose code is loaded when they are asked for. */
export type LateFormat = 'html' | 'openmetrics';
export type FailOn = 'critical' | 'warning' | 'info';

/** What is printed, and which findings make the exit code 1. */
export interface ReportFlags {
  readonly output: ReportFormat;
  readonly failOn: FailOn;
  /** Where to write the evidence of the run, for `judge`. */
  readonly save?: string;
  readonly push?: PushTarget;
}

interface TargetedArgs {
  readonly connection: ConnectionFlags;
  readonly target: TargetSpec;
  readonly session: SessionFlags;
}

/** What is asked of each target of a run. */
export interface RunOptions {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  /** DESTs as typed, none empty. */
  readonly to: readonly string[];
  /** Also listen at the other end (`ends`), and on the nodes of both (`deep`). */
  readonly watch?: 'ends' | 'deep';
  /** Names to resolve, for the dns check. */
  readonly names: readonly string[];
  /** Limits of findings, by the check's id and their names. Shares are fractions, times milliseconds. */
  readonly thresholds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What the flags of the command's own checks say, by the check's id. */
  readonly options: Readonly<Record<string, object>>;
}

/** One part of all targets; which are in it, their names alone say. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** What a command on many targets was asked for, before the cluster says what there is of it. */
export interface ManyTargets {
  /** As typed; empty with `nodes`. */
  readonly named: readonly TargetSpec[];
  /** Of a workload, Service or selector: every pod, not one that is ready. */
  readonly every: boolean;
  /** The pods of a selector in all namespaces. */
  readonly allNamespaces: boolean;
  /** Every node of the cluster. */
  readonly nodes: boolean;
  /** Targets that are looked into at the same time. */
  readonly atOnce: number;
  /** Nothing is done to more than so many, unless the user is sure. */
  readonly most: number;
  readonly isSure: boolean;
  /** Absent: all of them. */
  readonly shard?: Shard;
}

/** One target gives a report; many give a list of them, also where there is but one of the many. */
export type TargetChoice = { readonly target: TargetSpec } | { readonly many: ManyTargets };

/** Arguments of every command that checks something. */
export type CheckArgs = RunOptions & TargetChoice & { readonly report: ReportFlags };

/** What a word of `matrix` means; `pods` and `nodes` are all of them. */
export type MatrixWord =
  | PodTargetSpec
  | { readonly kind: 'pods' | 'nodes' }
  | { readonly kind: 'node'; readonly name: string }
  /** Its virtual address, a destination alone; without a namespace, that of the connection. */
  | { readonly kind: 'service'; readonly name: string; readonly namespace?: string };

export interface MatrixArgs {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  readonly report: ReportFlags;
  /** At least one that is no Service. */
  readonly from: readonly MatrixWord[];
  /** Absent: to all that it is from. */
  readonly to?: readonly MatrixWord[];
  readonly allNamespaces: boolean;
  /** Pods of each node, on either side; absent: all. */
  readonly perNode?: number;
  readonly mostPairs: number;
  /** How many sources at once, and how many without a word of the user's. */
  readonly limits: Pick<ManyTargets, 'atOnce' | 'most' | 'isSure' | 'shard'>;
}

/** A command for one target or many. */
export interface RunnableArgs {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  /** At least one word, exactly as typed. */
  readonly command: readonly string[];
  /** Whether this process's stdin goes to the command; of many it goes to none. */
  readonly stdin: boolean;
}

export type RunArgs = RunnableArgs & TargetChoice;

export interface ShellArgs extends TargetedArgs {
  /** Empty: the image's own shell. */
  readonly command: readonly string[];
  /** The bytes that, typed in a row, leave the session; empty: nothing does. */
  readonly detachKeys: readonly number[];
}

/** Where captured packets go. */
export type CaptureDestination =
  /** Without a path, a new file in the current folder. */
  | { readonly kind: 'file'; readonly path?: string }
  /** A new file in it for each target; it is made where it is missing. */
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'wireshark' };

/** What is captured, and how much of it. */
export interface CaptureOptions {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  readonly capture: CaptureFlags;
  readonly destination: CaptureDestination;
  readonly durationMs?: number;
  /** Of each file, or of the stream. */
  readonly maxBytes?: number;
}

export type CaptureArgs = CaptureOptions & TargetChoice;

/** What tcpdump gets. */
export interface CaptureFlags {
  readonly interface: string;
  /** Bytes to keep of each packet. */
  readonly snapLength?: number;
  readonly maxPackets?: number;
  /** In tcpdump's syntax, as it was typed. */
  readonly filter: readonly string[];
}

/** A machine whose network namespaces are meant. */
export type MachineSpec = Extract<TargetSpec, { readonly kind: 'node' | 'local' }>;

export interface NetnsListArgs {
  readonly connection: ConnectionFlags;
  readonly machine: MachineSpec;
  readonly session: SessionFlags;
  readonly output: OutputFormat;
}

export interface PreflightOptions {
  readonly connection: ConnectionFlags;
  readonly session: SessionFlags;
  readonly output: OutputFormat;
}

export type PreflightArgs = PreflightOptions & TargetChoice;

export interface JudgeArgs {
  /** A file that --save wrote, or the folder of a watch. */
  readonly bundle: string;
  readonly report: ReportFlags;
  /** The severity of an outage from which on the exit code is 1. */
  readonly failOnOutage: FailOn;
}

export interface ExplainArgs {
  /** A finding's ID. */
  readonly id: string;
}

/** Whose sessions are meant: of what is in a cluster, or of a Docker engine, of one container or (no name) of all. */
export type SessionsTarget = ClusterTargetSpec | { readonly kind: 'docker'; readonly name?: string };

export interface SessionsListArgs {
  readonly connection: ConnectionFlags;
  /** None: all of the namespace. One of Docker is alone. */
  readonly targets: readonly SessionsTarget[];
  readonly allNamespaces: boolean;
  readonly output: OutputFormat;
}

export interface SessionsStopArgs {
  readonly connection: ConnectionFlags;
  /** As of {@link SessionsListArgs}. */
  readonly targets: readonly SessionsTarget[];
  readonly allNamespaces: boolean;
  readonly timeoutMs: number;
}

/** One key of the configuration file. */
export interface ConfigEntry {
  /** From the outermost section to the key itself. */
  readonly keys: readonly string[];
  /** Counted from 1. */
  readonly line: number;
  readonly kind: 'value' | 'section' | 'list';
  /** The value as it stands there; empty for what is none. */
  readonly text: string;
}

/** One row of `config view`. */
export interface EffectiveSetting {
  readonly key: string;
  /** Empty: nothing is set and there is no default. */
  readonly value: string;
  /** The flag, the variable, or the file with its line; `default` else. */
  readonly from: string;
}

export interface ConfigViewArgs {
  readonly file: string;
  readonly settings: readonly EffectiveSetting[];
  readonly output: OutputFormat;
}

export interface CompletionInstallArgs {
  /** The user's choice of a folder. */
  readonly dir?: string;
  readonly programName: string;
  /** The program's text, where it is a script. */
  readonly program: string;
}

/** What a word on the command line may be completed to. */
export type CompletionKind =
  | 'target'
  /** A target that is in a cluster. */
  | 'clusterTarget'
  | 'sessionsTarget'
  /** A place of `matrix`. */
  | 'matrixPlace'
  | 'finding'
  | 'destination'
  | 'namespace'
  | 'context'
  | 'container'
  | 'machine'
  | 'netns';

export interface CompletionArgs {
  readonly connection: ConnectionFlags;
  readonly kind: CompletionKind;
  /** The word so far. */
  readonly prefix: string;
  /** The TARGET given before, for what depends on it (its containers). */
  readonly target?: string;
}

/** One line of `__complete`. */
export interface Completion {
  readonly value: string;
  readonly description?: string;
}
