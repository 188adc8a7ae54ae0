/** Follows a Job to its end and takes the evidence of each shard as soon as it is there. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, UnreachableError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import { UserError } from '../model/errors.ts';
import type { CoreV1Event, Pod } from '../model/kube-objects.ts';
import type { Progress } from '../model/progress.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { pathOf } from './create.ts';
import { unframed } from './frames.ts';
import type { ApiObject } from './manifest.ts';

/** A shard is a matter of minutes, and a poll two requests. */
const POLL_MS = 2000;
/** A kubelet tries a failed pull again after 10 s, so this is no chance. */
const PULL_LIMIT_MS = 20_000;
/** Nothing of it has ever started: a cluster that has to add a node takes less. */
const START_LIMIT_MS = 300_000;
/** Without a single pod, its controller has been refused them. */
const CREATE_LIMIT_MS = 15_000;
/** How often logs are asked for when their Job has ended: a minute. */
const UNREAD_LOOKS = 30;
/** How long the API server may be away; the Job goes on meanwhile. */
const AWAY_LIMIT_MS = 300_000;

/** A container that waits for one of these waits for somebody to change something. */
const STUCK = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
]);

/** What came of the shards, by their index. */
export interface ShardResults {
  /** For {@link unpacked}. */
  readonly evidence: ReadonlyMap<number, Buffer>;
  /** Why there is none, without a full stop. */
  readonly failures: ReadonlyMap<number, string>;
}

interface JobState {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** Collects into its results, so that what is there stays there when the command is interrupted. */
export class JobFollower {
  readonly #client: KubeClient;
  readonly #job: ApiObject;
  readonly #shards: number;
  readonly #evidence = new Map<number, Buffer>();
  readonly #failures = new Map<number, string>();
  /** Pods whose log has been read, or is gone. */
  readonly #read = new Set<string>();
  /** Looks after the Job's end at which a log could not be read. */
  #unreadLooks = 0;
  #began = 0;
  #hasStarted = false;
  #stuckSince: number | undefined;

  constructor(client: KubeClient, job: ApiObject, shards: number) {
    this.#client = client;
    this.#job = job;
    this.#shards = shards;
  }

  get results(): ShardResults {
    return { evidence: this.#evidence, failures: this.#failures };
  }

  /**
   * Until each shard has brought its evidence, or the Job has ended.
   * @throws {UserError} exit 3: its pods cannot start, or it was removed by somebody
   * @throws the signal's reason
   */
  async follow(signal: AbortSignal, progress: Progress): Promise<void> {
    this.#began = performance.now();
    let answeredAt = this.#began;
    for (;;) {
      try {
        if (await this.#look(signal, progress)) return;
        answeredAt = performance.now();
      } catch (error) {
        if (!(error instanceof UnreachableError) || performance.now() - answeredAt > AWAY_LIMIT_MS)
          throw error;
        progress.show(`the Job goes on, but ${error.message}`);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
  }

  async #look(signal: AbortSignal, progress: Progress): Promise<boolean> {
    // The Job first: pods that it counts as ended are then in the list.
    const end = endOf(await this.#state(signal));
    const pods = await this.#pods(signal);
    const taken = await Promise.all(pods.map((pod) => this.#take(pod, signal)));
    progress.show(this.#countsOf(pods));
    if (this.#evidence.size === this.#shards) return true;
    if (end !== undefined) {
      // A kubelet that does not answer now may do so in a minute; the pod stays as long as its Job.
      if (taken.includes(false) && this.#unreadLooks++ < UNREAD_LOOKS) return false;
      for (let index = 0; index < this.#shards; index++) {
        if (this.#evidence.has(index)) continue;
        // A Job that is ended ends its pods: it is the cause of what they say.
        if (end.isCause || !this.#failures.has(index)) this.#failures.set(index, end.why);
      }
      return true;
    }
    await this.#refuseToWait(pods, signal);
    return false;
  }

  async #state(signal: AbortSignal): Promise<JobState> {
    try {
      return await this.#client.get<JobState>(pathOf(this.#job), { signal });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      throw new UserError(`the Job "${this.#job.metadata.name}" was removed while it ran.`, 3);
    }
  }

  #pods(signal: AbortSignal): Promise<Pod[]> {
    const { name, namespace = '' } = this.#job.metadata;
    const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
    return listAll<Pod>(this.#client, podsPath(namespace), { query, signal });
  }

  /** Reads the log of a pod that has ended, once. Resolves to false where it cannot be read now. */
  async #take(pod: Pod, signal: AbortSignal): Promise<boolean> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const { phase } = pod.status ?? {};
    const index = indexOf(pod);
    if (index === undefined || (phase !== 'Succeeded' && phase !== 'Failed')) return true;
    if (this.#read.has(uid) || this.#evidence.has(index)) return true;
    const log = await this.#log(namespace, name, signal);
    if (log instanceof ApiError) {
      this.#failures.set(index, `its log cannot be read: ${withoutFullStop(log.message)}`);
      return false;
    }
    this.#read.add(uid);
    const evidence = unframed(log ?? '');
    if (evidence !== undefined) {
      this.#evidence.set(index, evidence);
      this.#failures.delete(index);
    } else this.#failures.set(index, whyOf(pod, log));
    return true;
  }

  /** `undefined`: there is no such log any more; an error: its node does not give it. */
  async #log(namespace: string, name: string, signal: AbortSignal): Promise<string | undefined | ApiError> {
    try {
      return await this.#client.text(podsPath(namespace, name, 'log'), { signal });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 403) throw error;
      return error.status === 404 ? undefined : error;
    }
  }

  #countsOf(pods: readonly Pod[]): string {
    const open = pods.filter((pod) => !this.#evidence.has(indexOf(pod) ?? -1));
    const running = open.filter(({ status }) => status?.phase === 'Running').length;
    const waiting = open.filter(({ status }) => status?.phase === 'Pending');
    const reason = waiting.map(waitingFor).find((one) => one !== undefined);
    const again = this.#failures.size;
    return [
      `${this.#evidence.size} of ${this.#shards} shards done`,
      ...(running === 0 ? [] : [`${running} running`]),
      ...(waiting.length === 0
        ? []
        : [`${waiting.length} waiting${reason === undefined ? '' : ` (${reason})`}`]),
      ...(again === 0 ? [] : [`${again} failed`]),
    ].join(', ');
  }

  /** @throws {UserError} exit 3: waiting is of no use */
  async #refuseToWait(pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#hasStarted ||= pods.some(({ status }) => status?.phase !== 'Pending');
    const stuck = pods.map(stuckOf).find((one) => one !== undefined);
    this.#stuckSince = stuck === undefined ? undefined : (this.#stuckSince ?? now);
    if (stuck !== undefined && now - (this.#stuckSince ?? now) > PULL_LIMIT_MS)
      throw new UserError(`the Job's pods cannot start: ${stuck}.`, 3, {
        hint: '--job-image names the image with the program, --pull-secret the Secret for its registry.',
      });
    const waited = now - this.#began;
    if (this.#hasStarted) return;
    if (pods.length === 0 && waited > CREATE_LIMIT_MS) {
      const event = await this.#refusal(signal);
      if (event !== undefined) throw new UserError(`the Job's pods are refused: ${event}.`, 3);
    }
    if (waited > START_LIMIT_MS) {
      const why = pods.map(unscheduled).find((one) => one !== undefined) ?? 'its pods stay Pending';
      throw new UserError(`no pod of the Job started within ${START_LIMIT_MS / 60_000} minutes: ${why}.`, 3);
    }
  }

  /** What the Job's controller was told last; `undefined`: nothing, or it may not be read. */
  async #refusal(signal: AbortSignal): Promise<string | undefined> {
    const { name, namespace = '' } = this.#job.metadata;
    const fieldSelector = `involvedObject.kind=Job,involvedObject.name=${name},reason=FailedCreate`;
    try {
      const events = await listAll<CoreV1Event>(this.#client, namespacedPath('api/v1', namespace, 'events'), {
        query: { fieldSelector },
        signal,
      });
      const text = events.at(-1)?.message;
      return text === undefined ? undefined : withoutFullStop(text.replace(/^Error creating: /, ''));
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }
}

interface JobEnd {
  readonly why: string;
  /** It came before the end of its pods, and not from that. */
  readonly isCause: boolean;
}

function endOf({ status }: JobState): JobEnd | undefined {
  const condition = status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );
  if (condition === undefined) return undefined;
  const { type, reason, message } = condition;
  return type === 'Complete' || message === undefined
    ? { why: 'its pod was removed before its log was read', isCause: false }
    : { why: `the Job has ended: ${withoutFullStop(message)}`, isCause: reason === 'DeadlineExceeded' };
}

/** The shard of a pod. */
function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata?.annotations?.['batch.kubernetes.io/job-completion-index'];
  return text === undefined ? undefined : Number(text);
}

function whyOf(pod: Pod, log: string | undefined): string {
  if (pod.metadata?.deletionTimestamp !== undefined) return 'its pod was deleted before it was done';
  const said = log
    ?.split('\n')
    .filter((line) => line.startsWith('error: '))
    .at(-1);
  if (said !== undefined) return withoutFullStop(said.slice('error: '.length));
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  if (ended !== undefined) {
    const reason = ended.reason === undefined || ended.reason === 'Error' ? '' : ` (${ended.reason})`;
    return `its pod ended with exit code ${ended.exitCode}${reason}, and its log has no whole evidence`;
  }
  const { reason, message } = pod.status ?? {};
  return `its pod failed${reason === undefined ? '' : ` (${reason}${message === undefined ? '' : `: ${withoutFullStop(message)}`})`}`;
}

function waitingFor(pod: Pod): string | undefined {
  const state = pod.status?.containerStatuses?.[0]?.state?.waiting;
  return state?.reason ?? (unscheduled(pod) === undefined ? undefined : 'unschedulable');
}

function stuckOf(pod: Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting === undefined || !STUCK.has(waiting.reason ?? '')) return undefined;
  const image = pod.spec?.containers[0]?.image;
  return `${waiting.reason} of ${image}${waiting.message === undefined ? '' : `: ${withoutFullStop(waiting.message)}`}`;
}

function unscheduled(pod: Pod): string | undefined {
  const condition = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return condition?.message === undefined ? undefined : withoutFullStop(condition.message);
}
