/** The channel of a pod: exec into one of its containers. */
import { ExecLostError, ExecRefusedError } from '../exec/errors.ts';
import { execStream } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import { ChannelError, type RunOptions } from './channel.ts';
import { GuardedChannel } from './guarded.ts';

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

  protected override async exec(command: readonly string[], options: RunOptions): Promise<number> {
    const { terminal } = options;
    const tty = terminal !== undefined;
    try {
      const outcome = await execStream(
        this.#client.execEndpoint({ ...this.#place, command, stdin: true, tty }),
        {
          stdin: options.stdin,
          stdout: options.stdout,
          stderr: terminal ? undefined : options.stderr,
          onResize: terminal?.onResize,
        },
        { signal: options.signal, onOpen: options.onOpen },
      );
      if (outcome.kind === 'exit') return outcome.code;
      throw new ChannelError(
        'failed',
        `the container's runtime could not run the command: ${outcome.message}`,
      );
    } catch (error) {
      if (error instanceof ExecRefusedError) {
        throw new ChannelError('refused', error.message, { status: error.status, cause: error });
      }
      if (error instanceof ExecLostError) throw new ChannelError('lost', error.message, { cause: error });
      throw error;
    }
  }
}
