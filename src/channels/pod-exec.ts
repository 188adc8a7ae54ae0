/** The channel of a pod: exec into one of its containers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecLostError, ExecRefusedError } from '../exec/errors.ts';
import { execStream, PING_DEADLINE_MS } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import type { Pod } from '../model/kube-objects.ts';
import { ChannelError } from './channel.ts';
import { type ExecOptions, GuardedChannel } from './guarded.ts';

/** How long the API server may take to say what became of a container. */
const FATE_LIMIT_MS = 5_000;
/** A kubelet reports the end of a container about a second after the streams of its commands have ended. */
const REPORT_MS = 1_500;

/** One container of one pod. */
export interface ExecPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Runs commands in a container by exec over WebSocket. See {@link GuardedChannel}. */
export class PodExecChannel extends GuardedChannel {
  readonly #client: KubeClient;
  readonly #place: ExecPlace;

  constructor(client: KubeClient, place: ExecPlace, leaseLostMs?: number) {
    super(leaseLostMs);
    this.#client = client;
    this.#place = place;
  }

  protected override async exec(command: readonly string[], options: ExecOptions): Promise<number> {
    const { terminal } = options;
    const tty = terminal !== undefined;
    try {
      const outcome = await execStream(
        this.#client.execEndpoint({ ...this.#place, command, stdin: true, tty }),
        {
          stdin: options.stdin,
          stdout: options.stdout,
          stderr: terminal ? undefined : options.stderr,
          filter: options.filter,
          onResize: terminal?.onResize,
        },
        {
          signal: options.signal,
          onOpen: options.onOpen,
          ...(options.readsStdin ? { unreadStdinDeadlineMs: PING_DEADLINE_MS } : {}),
        },
      );
      if (outcome.kind === 'exit') return outcome.code;
      throw new ChannelError('failed', `the container's runtime failed on the command: ${outcome.message}`);
    } catch (error) {
      if (error instanceof ExecRefusedError) {
        throw new ChannelError('refused', error.message, { status: error.status, cause: error });
      }
      if (error instanceof ExecLostError) throw new ChannelError('lost', error.message, { cause: error });
      throw error;
    }
  }

  protected override async fate(): Promise<string | undefined> {
    const { namespace, pod, container } = this.#place;
    const signal = AbortSignal.timeout(FATE_LIMIT_MS);
    const look = async (): Promise<string | undefined> =>
      fateOf(await this.#client.get<Pod>(podsPath(namespace, pod), { signal }), container);
    try {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(REPORT_MS, undefined, { signal });
      return await look();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return `pod "${pod}" was deleted while the command ran`;
    }
  }
}

/** What a pod says of a container in which a command was killed; `undefined`: nothing. */
function fateOf({ metadata, status }: Pod, container: string): string | undefined {
  const name = metadata?.name;
  if (metadata?.deletionTimestamp !== undefined) return `pod "${name}" was deleted while the command ran`;
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') {
    const reason = [status.reason, status.message].filter(Boolean).join(': ');
    return `pod "${name}" ended while the command ran${reason === '' ? '' : ` (${reason})`}`;
  }
  const ended = [...(status?.ephemeralContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    (one) => one.name === container,
  )?.state?.terminated;
  if (ended === undefined) return undefined;
  if (ended.reason === 'OOMKilled') {
    return `container "${container}" of pod "${name}" was killed while the command ran: it was out of memory`;
  }
  return `container "${container}" of pod "${name}" ended while the command ran (${ended.reason ?? 'no reason given'}, exit code ${ended.exitCode})`;
}
