/** The channel of a pod: exec into one of its containers, each command guarded against a lost client. */
import { randomBytes } from 'node:crypto';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecLostError, ExecRefusedError } from '../exec/errors.ts';
import { execStream } from '../exec/stream.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Channel, ChannelError, type RunOptions } from './channel.ts';
import GUARD from './guard.sh';
import { compactScript } from './script.ts';

/** A command that is done sooner needs no lease, and should not pay for a second exec. */
const LEASE_DELAY_MS = 500;
const LEASE_RETRY_MS = 1000;
/** Without a lease for this long the connection is lost: the far side gave the client up 10 s before (guard.sh). */
const LEASE_LOST_MS = 15_000;

/** One container of one pod. */
export interface ExecPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Runs commands in a container by exec. See {@link Channel} for the contract. */
export class PodExecChannel implements Channel {
  readonly #client: KubeClient;
  readonly #place: ExecPlace;
  readonly #leaseLostMs: number;

  constructor(client: KubeClient, place: ExecPlace, leaseLostMs = LEASE_LOST_MS) {
    this.#client = client;
    this.#place = place;
    this.#leaseLostMs = leaseLostMs;
  }

  async run(argv: readonly string[], options: RunOptions): Promise<number> {
    if (!options.stdin) return this.#exec([...guard('own', '0'), ...argv], options);
    const id = randomBytes(8).toString('hex');
    const lease = new AbortController();
    const lost = new AbortController();
    const held = this.#holdLease(id, lease.signal, (error) => lost.abort(error));
    const signal = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])]);
    try {
      return await this.#exec([...guard('lease', id), ...withTerm(argv, options)], { ...options, signal });
    } finally {
      lease.abort(new Error('the command has ended'));
      await held;
    }
  }

  runWithInput(
    argv: readonly string[],
    input: string,
    options: Omit<RunOptions, 'stdin' | 'terminal'>,
  ): Promise<number> {
    const text = input.endsWith('\n') ? input : `${input}\n`;
    const lines = text.split('\n').length - 1;
    // Never ended: the end of this exec's stdin is what tells the far side that the client is gone.
    const stdin = new PassThrough();
    stdin.write(text);
    return this.#exec([...guard('own', String(lines)), ...argv], { ...options, stdin });
  }

  /**
   * Holds a second exec open whose only work is to end when this client is gone, and opens it again when it is lost:
   * the far side waits 5 s for one (guard.sh) before it takes the client for dead. It also tells the client that the
   * connection is gone, which the command's own stream cannot while the command leaves its stdin unread.
   */
  async #holdLease(id: string, signal: AbortSignal, onLost: (error: ChannelError) => void): Promise<void> {
    // The second word keeps the shell from replacing itself by cat, which would lose the name.
    const command = ['sh', '-c', 'cat >/dev/null; :', `nettools-lease-${id}`];
    let lost: NodeJS.Timeout | undefined;
    const onOpen = (): void => {
      clearTimeout(lost);
      lost = undefined;
    };
    try {
      for (let pause = LEASE_DELAY_MS; ; pause = LEASE_RETRY_MS) {
        await delay(pause, undefined, { signal });
        const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
        const streams = { stdout: sink, stderr: sink };
        await execStream(this.#endpoint(command, false), streams, { signal, onOpen }).catch((error) => {
          // Refused or lost: the loop tries again for as long as the command runs.
          if (!(error instanceof ExecLostError)) return;
          lost ??= setTimeout(
            () => onLost(new ChannelError('lost', 'the connection was lost for good', { cause: error })),
            this.#leaseLostMs,
          );
        });
      }
    } catch {
      // Aborted while it paused: the command has ended.
    } finally {
      clearTimeout(lost);
    }
  }

  async #exec(command: readonly string[], options: RunOptions): Promise<number> {
    const { terminal } = options;
    try {
      const outcome = await execStream(
        this.#endpoint(command, terminal !== undefined),
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

  #endpoint(command: readonly string[], tty: boolean): ReturnType<KubeClient['execEndpoint']> {
    return this.#client.execEndpoint({ ...this.#place, command, stdin: true, tty });
  }
}

function guard(mode: 'own' | 'lease', mark: string): string[] {
  return ['sh', '-c', compactScript(GUARD), 'nettools', mode, mark];
}

/** kubelets start a terminal's process without TERM, and full-screen tools then refuse to work. */
function withTerm(argv: readonly string[], options: RunOptions): readonly string[] {
  return options.terminal?.type === undefined ? argv : ['env', `TERM=${options.terminal.type}`, ...argv];
}
