/** Why pods of a Job do not start: told as soon as it is known, and given up on when it does not pass. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath } from '../kube/paths.ts';
import type { CoreV1Event, Pod } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import type { ApiObject } from './manifest.ts';

/** A kubelet tries a failed pull again after 10 s, so this is no chance. */
const PULL_LIMIT_MS = 20_000;
/**
 * A node may become free, or be added: within 60 s the autoscaler of a large cluster says that it does so
 * (cluster-autoscaler's FAQ, "What are the Service Level Objectives for Cluster Autoscaler?").
 */
const NODE_LIMIT_MS = 60_000;
/** A cluster that adds a node takes less, and so does whatever else a pod waits for. */
const START_LIMIT_MS = 300_000;
/** Without a single pod from the beginning, its controller has been refused them. */
const CREATE_LIMIT_MS = 15_000;
/** A shard is tried again 10 and 20 s after it failed: without a pod for longer, its controller is refused one. */
const RETRY_LIMIT_MS = 60_000;
/** A scheduler and a kubelet need a moment: what is younger passes by itself. */
const TELL_AFTER_MS = 1_500;
/** A pod that has its node and does not start: by then the kubelet has tried, and said why. */
const EVENT_AFTER_MS = 30_000;

/** A container that waits for one of these waits for somebody to change something. */
const STUCK: Readonly<Record<string, number>> = {
  ErrImagePull: PULL_LIMIT_MS,
  ImagePullBackOff: PULL_LIMIT_MS,
  CreateContainerConfigError: PULL_LIMIT_MS,
  CreateContainerError: PULL_LIMIT_MS,
  // No other try would end otherwise.
  ErrImageNeverPull: TELL_AFTER_MS,
  InvalidImageName: TELL_AFTER_MS,
};

/** Reasons of events on a pod for which a node is added: of cluster-autoscaler, and of Karpenter. */
const SCALING: readonly string[] = ['TriggeredScaleUp', 'Nominated'];

/** What a pod that does not run waits for. */
export interface Wait {
  readonly kind: 'container' | 'node' | 'other';
  /** Without a full stop. */
  readonly why: string;
  /** How long that is worth waiting for. */
  readonly limitMs: number;
}

/** @param pod one that is Pending. Pure. */
export function waitOf(pod: Pod): Wait {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const limitMs = STUCK[waiting?.reason ?? ''];
  if (waiting !== undefined && limitMs !== undefined) {
    const said = waiting.message === undefined ? '' : `: ${withoutFullStop(waiting.message)}`;
    return {
      kind: 'container',
      why: `${waiting.reason} of ${pod.spec?.containers[0]?.image}${said}`,
      limitMs,
    };
  }
  const condition = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  const said = condition?.message === undefined ? undefined : withoutFullStop(condition.message);
  // A pod may also be held back (SchedulingGated), by Kueue for instance, which lets it go in its turn.
  if (condition?.reason !== 'Unschedulable')
    return { kind: 'other', why: waiting?.reason ?? said ?? 'Pending', limitMs: START_LIMIT_MS };
  // Behind it stands the same once more, about what preemption would not help with.
  const why = said?.replace(/\.? preemption: .*$/s, '') ?? 'it is unschedulable';
  return { kind: 'node', why, limitMs: NODE_LIMIT_MS };
}

/** Why nothing that is left will start. */
export interface GivenUp {
  /** Without a full stop. */
  readonly why: string;
  readonly hint?: string;
}

type Waiting = Wait & { readonly since: number };

/** Looks at the pods of one Job again and again. Times are in ms, of one clock. */
export class StartWatch {
  readonly #client: KubeClient;
  readonly #job: ApiObject;
  readonly #note: (text: string) => void;
  /** Of each pod that is Pending, by its uid. */
  readonly #waits = new Map<string, Waiting>();
  /** What was told already. */
  readonly #told = new Set<string>();
  #hasHadPods = false;
  #withoutPodsSince: number | undefined;
  /** Since when no pod runs; `undefined`: one does. */
  #idleSince: number | undefined;

  /** @param note told once for each trouble, without a full stop */
  constructor(client: KubeClient, job: ApiObject, note: (text: string) => void) {
    this.#client = client;
    this.#job = job;
    this.#note = note;
  }

  /**
   * @param pods those of shards of which nothing has come yet
   * @returns `undefined`: it may still come to something
   */
  async look(pods: readonly Pod[], now: number, signal: AbortSignal): Promise<GivenUp | undefined> {
    const active = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
    const pending = active.filter(({ status }) => status?.phase === 'Pending');
    if (active.length === 0) return this.#withoutPods(now, signal);
    this.#hasHadPods = true;
    this.#withoutPodsSince = undefined;
    this.#follow(pending, now);
    // What runs may still bring something, and makes room for others when it ends.
    this.#idleSince = pending.length < active.length ? undefined : (this.#idleSince ?? now);
    const end = this.#idleSince === undefined ? undefined : await this.#judged(now, signal);
    if (end !== undefined) return end;
    for (const [id, wait] of this.#waits) await this.#tell(id, wait, now - wait.since, signal);
    return undefined;
  }

  /** What each pod waits for, and since when. */
  #follow(pending: readonly Pod[], now: number): void {
    const before = new Map(this.#waits);
    this.#waits.clear();
    for (const pod of pending) {
      const id = pod.metadata?.uid ?? '';
      const wait = waitOf(pod);
      const known = before.get(id);
      // Of a failed pull the first word has the cause, and the back-off that follows may not.
      const isSame = known?.kind === wait.kind;
      if (isSame && wait.kind === 'container') this.#waits.set(id, known);
      else this.#waits.set(id, { ...wait, since: isSame ? known.since : now });
    }
  }

  async #tell(id: string, { kind, why }: Wait, ms: number, signal: AbortSignal): Promise<void> {
    if (ms < TELL_AFTER_MS || this.#told.has(kind)) return;
    if (kind === 'node') this.#once(kind, `no node takes a pod of the Job so far: ${why}`);
    else if (kind === 'container') this.#once(kind, `a pod of the Job cannot start so far: ${why}`);
    else if (ms > EVENT_AFTER_MS) {
      const events = await this.#events(`involvedObject.uid=${id},type=Warning`, signal);
      const text = events?.at(-1)?.message;
      if (text !== undefined)
        this.#once(kind, `a pod of the Job does not start so far: ${withoutFullStop(text)}`);
    }
  }

  #once(key: string, text: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#note(text);
  }

  /** Of pods that all wait. */
  async #judged(now: number, signal: AbortSignal): Promise<GivenUp | undefined> {
    const waits = [...this.#waits.values()];
    const msOf = ({ since }: Waiting): number => now - Math.max(since, this.#idleSince ?? now);
    if (waits.some((wait) => msOf(wait) < wait.limitMs)) return undefined;
    const stuck = waits.find(({ kind }) => kind === 'container');
    if (stuck !== undefined) {
      return {
        why: `the Job's pods cannot start: ${stuck.why}`,
        hint: '--job-image names the image with the program, --pull-secret the Secret for its registry.',
      };
    }
    const homeless = waits.find(({ kind }) => kind === 'node');
    const isOld = waits.every((wait) => msOf(wait) >= START_LIMIT_MS);
    if (homeless !== undefined) {
      if (!isOld && (await this.#mayGetNode(signal))) return undefined;
      return {
        why: `no node takes the Job's pods: ${homeless.why}`,
        hint: "--node-selector, --toleration and --requests say which nodes may take the Job's pods.",
      };
    }
    return { why: `no pod of the Job started within ${START_LIMIT_MS / 60_000} minutes: ${waits[0]?.why}` };
  }

  /** Whether an autoscaler has said that it adds a node, or nobody can know. */
  async #mayGetNode(signal: AbortSignal): Promise<boolean> {
    for (const reason of SCALING) {
      const events = await this.#events(`involvedObject.kind=Pod,reason=${reason}`, signal);
      if (events === undefined) {
        this.#once('events', 'whether a node is being added cannot be seen without the right to list events');
        return true;
      }
      const own = events.find(({ involvedObject }) => this.#waits.has(involvedObject.uid ?? ''));
      if (own === undefined) continue;
      this.#once('scaling', `a node is being added: ${withoutFullStop(own.message ?? reason)}`);
      return true;
    }
    return false;
  }

  /** Nothing runs or waits, although something is left to be done. */
  async #withoutPods(now: number, signal: AbortSignal): Promise<GivenUp | undefined> {
    this.#waits.clear();
    this.#idleSince = undefined;
    this.#withoutPodsSince ??= now;
    const ms = now - this.#withoutPodsSince;
    if (ms < TELL_AFTER_MS) return undefined;
    const { name } = this.#job.metadata;
    const events = await this.#events(
      `involvedObject.kind=Job,involvedObject.name=${name},reason=FailedCreate`,
      signal,
    );
    const text = events?.at(-1)?.message?.replace(/^Error creating: /, '');
    if (text === undefined) {
      if (ms < START_LIMIT_MS) return undefined;
      return { why: `no pod of the Job was made within ${START_LIMIT_MS / 60_000} minutes` };
    }
    this.#once('refused', `pods of the Job are refused so far: ${withoutFullStop(text)}`);
    if (ms < (this.#hasHadPods ? RETRY_LIMIT_MS : CREATE_LIMIT_MS)) return undefined;
    return { why: `the Job's pods are refused: ${withoutFullStop(text)}` };
  }

  /** The oldest first; `undefined`: they may not be read. */
  async #events(fieldSelector: string, signal: AbortSignal): Promise<CoreV1Event[] | undefined> {
    const { namespace = '' } = this.#job.metadata;
    try {
      return await listAll<CoreV1Event>(this.#client, namespacedPath('api/v1', namespace, 'events'), {
        query: { fieldSelector },
        signal,
      });
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }
}
