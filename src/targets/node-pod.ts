/**
 * The pod of a node session: its name, its spec, and which of those that are there can be used again. Pure.
 *
 * It shares the node's network and, only to switch into other namespaces, its processes. It is never privileged and
 * mounts nothing of the node.
 */
import { createHash } from 'node:crypto';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from './identity.ts';
import { keeperCommand, keeperIdleSeconds } from './keeper.ts';
import { PROFILES, type Profile, securityContext } from './profiles.ts';

/** What finds all node pods, of whatever node. */
export const NODE_POD_SELECTOR = 'app.kubernetes.io/managed-by=kubectl-nettools';
const LABELS = { 'app.kubernetes.io/managed-by': 'kubectl-nettools', 'app.kubernetes.io/name': 'nettools' };
const NODE_LABEL = 'kubectl-nettools/node';
const PROFILE_LABEL = 'kubectl-nettools/profile';
const CHOICE = 'kubectl-nettools/profile-choice';
/** Marks a pod that stays until it is idle. */
export const KEEP = 'kubectl-nettools/keep';
/** Says which call made a pod whose creation was not answered. */
const CREATOR = 'kubectl-nettools/created-by';
/** Changes with every use, and with it the pod's resource version. */
export const LAST_USE = 'kubectl-nettools/last-use';

/** The pod's only container. */
export const NODE_CONTAINER = 'nettools';

/**
 * What protects the node from what runs in the pod: more than ten times what a diagnosis was seen to take (43 MiB at the
 * peak; iperf3 and tcpdump at 30 Gbit/s took 12). There is no limit of CPU time, which would delay probes, and a pod cannot
 * limit its processes: the kubelet does (podPidsLimit).
 */
const MEMORY_LIMIT = '512Mi';

/** A pod with less than this left is not used again: what starts in it would be cut off. */
const LEAST_SECONDS_LEFT = 900;

/** What a session needs of its pod. */
export interface NodePodSpec {
  readonly node: string;
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly pullSecret: string | undefined;
  readonly choice: 'auto' | Profile;
  /** Whether commands switch into other namespaces of the node. */
  readonly switching: boolean;
  /** Whether a BPF program is loaded into the node's kernel. */
  readonly watching: boolean;
  readonly idleSeconds: number;
  /** The longest that it may live. */
  readonly deadlineSeconds: number;
  /** Stays when the last command has ended, until its idle time. */
  readonly keep: boolean;
  readonly toolVersion: string;
}

/** The pod as it is created. @param creator tells this call's pod from all others of the same name */
export function buildNodePod(name: string, spec: NodePodSpec, profile: Profile, creator: string): Pod {
  const { node, switching, idleSeconds } = spec;
  const isLabel = node.length <= 63;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { ...LABELS, ...(isLabel ? { [NODE_LABEL]: node } : {}), [PROFILE_LABEL]: profile },
      annotations: {
        'kubectl-nettools/about': `Made by kubectl nettools ${spec.toolVersion} to look at the network of node ${node}. It is removed after its last command and ends by itself when idle for ${idleSeconds} s; it may be deleted at any time, which ends the commands in it.`,
        [CHOICE]: spec.choice,
        [CREATOR]: creator,
        ...(spec.keep ? { [KEEP]: 'true' } : {}),
      },
    },
    spec: {
      nodeName: node,
      hostNetwork: true,
      ...(switching ? { hostPID: true } : {}),
      // The node's own resolv.conf: what the node resolves by is part of its network.
      dnsPolicy: 'Default',
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      activeDeadlineSeconds: spec.deadlineSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      os: { name: 'linux' },
      ...(spec.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: spec.pullSecret }] }),
      securityContext: {
        seccompProfile: { type: 'RuntimeDefault' },
        // AppArmor's default profile lets a container look into no process but its own.
        ...(switching ? { appArmorProfile: { type: 'Unconfined' } } : {}),
      },
      containers: [
        {
          name: NODE_CONTAINER,
          image: spec.image,
          imagePullPolicy: spec.imagePullPolicy,
          command: keeperCommand(idleSeconds),
          securityContext: nodeSecurityContext(profile, spec),
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: MEMORY_LIMIT } },
          terminationMessagePolicy: 'File',
          volumeMounts: [
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'run', mountPath: '/run' },
          ],
        },
      ],
      volumes: ['tmp', 'run'].map((scratch) => ({ name: scratch, emptyDir: { sizeLimit: '1Gi' } })),
    },
  };
}

/** tcpdump gives up root as soon as it captures, and must be ended all the same when the client is gone. */
const CHANGE_USER = ['SETUID', 'SETGID', 'KILL'];
/** To enter a namespace takes the first, to find it through its processes the second. */
const SWITCH = ['SYS_ADMIN', 'SYS_PTRACE'];

/** To load a program, and to attach it to a tracepoint (capabilities(7)); the default seccomp profile lets bpf() pass then. */
const WATCH = ['BPF', 'PERFMON'];

/** Beside these and a profile's own capabilities nothing. */
function nodeSecurityContext(
  profile: Profile,
  { switching, watching }: NodePodSpec,
): ReturnType<typeof securityContext> {
  const context = securityContext(profile);
  const own = context.capabilities?.add ?? [];
  const add =
    own.length === 0
      ? []
      : [...own, ...CHANGE_USER, ...(switching ? SWITCH : []), ...(watching ? WATCH : [])];
  return {
    ...context,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: profile === 'baseline' ? {} : { drop: ['ALL'], ...(add.length > 0 ? { add } : {}) },
  };
}

/** The profiles to try, strongest first: only the strongest can switch, and watch. */
export function nodeProfiles({ choice, switching, watching }: NodePodSpec): readonly Profile[] {
  if (choice !== 'auto') return [choice];
  return switching || watching ? ['netadmin'] : PROFILES;
}

/** A session's pod on a node, ended ones included. */
export interface NodePod {
  readonly pod: Pod;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly image: string;
  readonly profile: Profile;
  readonly choice: string;
  readonly switching: boolean;
  readonly watching: boolean;
  readonly keep: boolean;
  readonly creator: string;
  readonly idleSeconds: number;
  readonly state: 'running' | 'waiting' | 'ended' | 'leaving';
}

/** Reads a pod; `undefined` when it is not a node session's. */
export function asNodePod(pod: Pod): NodePod | undefined {
  const { labels = {}, annotations = {}, deletionTimestamp } = pod.metadata ?? {};
  const container = pod.spec?.containers.find(({ name }) => name === NODE_CONTAINER);
  const idleSeconds = keeperIdleSeconds(container?.command);
  const profile = PROFILES.find((p) => p === labels[PROFILE_LABEL]);
  const isOurs = Object.entries(LABELS).every(([key, value]) => labels[key] === value);
  if (!isOurs || idleSeconds === undefined || profile === undefined) return undefined;
  const { namespace, name } = identityOf(pod);
  const phase = pod.status?.phase;
  const hasEnded = phase === 'Succeeded' || phase === 'Failed';
  return {
    pod,
    namespace,
    name,
    node: pod.spec?.nodeName ?? '',
    image: container?.image ?? '',
    profile,
    choice: annotations[CHOICE] ?? profile,
    switching: pod.spec?.hostPID === true,
    watching: container?.securityContext?.capabilities?.add?.includes('BPF') === true,
    keep: annotations[KEEP] === 'true',
    creator: annotations[CREATOR] ?? '',
    idleSeconds,
    state:
      deletionTimestamp !== undefined
        ? 'leaving'
        : hasEnded
          ? 'ended'
          : phase === 'Running'
            ? 'running'
            : 'waiting',
  };
}

/**
 * The pod that serves a session, the strongest first; `undefined`: one has to be made.
 * @param nowMs by the clock of this machine; a pod near its deadline is left alone
 */
export function findNodePod(pods: readonly NodePod[], spec: NodePodSpec, nowMs: number): NodePod | undefined {
  const usable = pods.filter(
    (p) =>
      p.node === spec.node &&
      p.image === spec.image &&
      p.switching === spec.switching &&
      p.watching === spec.watching &&
      (p.state === 'running' || p.state === 'waiting') &&
      secondsLeft(p.pod, nowMs) >= LEAST_SECONDS_LEFT,
  );
  const served = (profile: Profile): NodePod | undefined =>
    // A weaker one that was asked for by name says nothing about what `auto` would get.
    usable.find(
      (p) =>
        p.profile === profile &&
        (spec.choice === 'auto' ? p.choice === 'auto' || profile === 'netadmin' : spec.choice === profile),
    );
  return PROFILES.map(served).find((p) => p !== undefined);
}

/** Seconds until the pod's deadline; the whole of it for a pod that has not started. */
function secondsLeft(pod: Pod, nowMs: number): number {
  const limit = pod.spec?.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY;
  const startTime = pod.status?.startTime;
  if (startTime === undefined) return limit;
  // JSON carries a string where client-node's type says Date.
  return limit - (nowMs - Date.parse(String(startTime))) / 1000;
}

/** The first name of its kind that is free: two clients that ask for the same pod at the same time ask for one name. */
export function nodePodName(pods: readonly NodePod[], spec: NodePodSpec, profile: Profile): string {
  const { switching, watching } = spec;
  const key = JSON.stringify([spec.node, spec.image, switching, watching, spec.choice === 'auto', profile]);
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
  // A pod's name is at most 253 characters, but some of what handles it knows 63.
  const node = spec.node.slice(0, 40).replace(/[^a-z0-9]+$/, '');
  for (let generation = 0; ; generation++) {
    const name = `nettools-${node}-${hash}${generation === 0 ? '' : `-${generation}`}`;
    if (!pods.some((pod) => pod.name === name)) return name;
  }
}
