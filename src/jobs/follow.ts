/** Follows a Job to its end and takes the evidence of each shard as soon as it is there. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, UnreachableError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import { UserError } from '../model/errors.ts';
import { NO_RIGHTS_EXIT_CODE } from '../model/job-args.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { Progress } from '../model/progress.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { pathOf, podsOf } from './create.ts';
import { unframed } from './frames.ts';
import type { ApiObject } from './manifest.ts';
import { type GivenUp, StartWatch, waitOf } from './start-watch.ts';

/** A shard is a matter of minutes, and a poll two requests. */
const POLL_MS = 2000;
/** How often logs are asked for when their Job has ended: a minute. */
const UNREAD_LOOKS = 30;
/** How long the API server may be away; the Job goes on meanwhile. */
const AWAY_LIMIT_MS = 300_000;

/** What came of the shards, by their index. */
export interface ShardResults {
  /** For {@link unpacked}. */
  readonly evidence: ReadonlyMap<number, Buffer>;
  /** Why there is none, without a full stop. */
  readonly failures: ReadonlyMap<number, string>;
  /** The ServiceAccount may not do what one of them takes. */
  readonly lacksRights: boolean;
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
  /** Pods whose log has been read for good, or is gone. */
  readonly #read = new Set<string>();
  /** Pods whose log had no whole evidence once: on a busy node its end may come a moment after the pod's. */
  readonly #unfinished = new Set<string>();
  #lacksRights = false;
  /** Looks after the Job's end at which a log could not be read. */
  #unreadLooks = 0;
  readonly #progress: Progress;
  readonly #starts: StartWatch;

  constructor(client: KubeClient, job: ApiObject, shards: number, progress: Progress) {
    this.#client = client;
    this.#job = job;
    this.#shards = shards;
    this.#progress = progress;
    this.#starts = new StartWatch(client, job, (text) => progress.note(text));
  }

  get results(): ShardResults {
    return { evidence: this.#evidence, failures: this.#failures, lacksRights: this.#lacksRights };
  }

  /**
   * Until each shard has brought its evidence, or the Job has ended.
   * @throws {UserError} exit 3: its pods cannot start, or it was removed by somebody
   * @throws the signal's reason
   */
  async follow(signal: AbortSignal): Promise<void> {
    let answeredAt = performance.now();
    for (;;) {
      try {
        if (await this.#look(signal)) return;
        answeredAt = performance.now();
      } catch (error) {
        if (!(error instanceof UnreachableError) || performance.now() - answeredAt > AWAY_LIMIT_MS)
          throw error;
        this.#progress.show(`the Job goes on, but ${error.message}`);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    // The Job first: pods that it counts as ended are then in the list.
    const end = endOf(await this.#state(signal));
    const pods = await podsOf(this.#client, this.#job, signal);
    const taken = await Promise.all(pods.map((pod) => this.#take(pod, signal)));
    this.#progress.show(this.#countsOf(pods));
    if (this.#evidence.size === this.#shards) return true;
    if (end !== undefined) {
      // A kubelet that does not answer now may do so in a minute; the pod stays as long as its Job.
      if (taken.includes(false) && this.#unreadLooks++ < UNREAD_LOOKS) return false;
      // A Job that is ended ends its pods: it is the cause of what they say.
      this.#fail((known) => (end.isCause ? end.why : (known ?? end.why)));
      return true;
    }
    const givenUp = await this.#starts.look(this.#openOf(pods), performance.now(), signal);
    if (givenUp === undefined) return false;
    this.#giveUp(givenUp);
    return true;
  }

  async #state(signal: AbortSignal): Promise<JobState> {
    try {
      return await this.#client.get<JobState>(pathOf(this.#job), { signal });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      throw new UserError(`the Job "${this.#job.metadata.name}" was removed while it ran.`, 3);
    }
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
    const evidence = unframed(log ?? '');
    if (evidence !== undefined) {
      this.#read.add(uid);
      this.#evidence.set(index, evidence);
      this.#failures.delete(index);
      return true;
    }
    this.#lacksRights ||= hasNoRights(pod);
    this.#failures.set(index, whyOf(pod, log));
    const isFinal = log === undefined || /^error: /m.test(log) || this.#unfinished.has(uid);
    (isFinal ? this.#read : this.#unfinished).add(uid);
    return isFinal;
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

  #openOf(pods: readonly Pod[]): readonly Pod[] {
    return pods.filter((pod) => !this.#evidence.has(indexOf(pod) ?? -1));
  }

  #countsOf(pods: readonly Pod[]): string {
    const open = this.#openOf(pods);
    const running = open.filter(({ status }) => status?.phase === 'Running').length;
    const waiting = open.filter(({ status }) => status?.phase === 'Pending');
    const reason = waiting.map((pod) => waitOf(pod)).find(({ kind }) => kind !== 'other')?.why;
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

  /**
   * What is left will not start: where nothing came of any shard, that is all there is to say.
   * @throws {UserError} exit 3
   */
  #giveUp({ why, hint }: GivenUp): void {
    if (this.#evidence.size + this.#failures.size === 0)
      throw new UserError(`${why}.`, 3, hint === undefined ? {} : { hint });
    this.#fail(() => why);
  }

  /** Says of each shard without evidence why there is none. */
  #fail(why: (known: string | undefined) => string): void {
    for (let index = 0; index < this.#shards; index++) {
      if (!this.#evidence.has(index)) this.#failures.set(index, why(this.#failures.get(index)));
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

function hasNoRights({ status }: Pod): boolean {
  return status?.containerStatuses?.[0]?.state?.terminated?.exitCode === NO_RIGHTS_EXIT_CODE;
}

function whyOf(pod: Pod, log: string | undefined): string {
  if (pod.metadata?.deletionTimestamp !== undefined) return 'its pod was deleted before it was done';
  const said = log
    ?.split('\n')
    .filter((line) => line.startsWith('error: '))
    .at(-1);
  if (said !== undefined) {
    const text = withoutFullStop(said.slice('error: '.length));
    if (!hasNoRights(pod)) return text;
    const account = pod.spec?.serviceAccountName ?? 'default';
    return `ServiceAccount "${account}" lacks rights: ${text.replace(/^you may not /, 'it may not ')}`;
  }
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  if (ended !== undefined) {
    const reason = ended.reason === undefined || ended.reason === 'Error' ? '' : ` (${ended.reason})`;
    return `its pod ended with exit code ${ended.exitCode}${reason}, and its log has no whole evidence`;
  }
  const { reason, message } = pod.status ?? {};
  return `its pod failed${reason === undefined ? '' : ` (${reason}${message === undefined ? '' : `: ${withoutFullStop(message)}`})`}`;
}
