/** A channel by exec whose far side gives a process no sign of a lost client but the end of stdin. */
import { randomBytes } from 'node:crypto';
import { type Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { OutputFilter } from '../exec/exec-streams.ts';
import { aliveCommand, beats } from './alive.ts';
import { type Channel, ChannelError, type RunOptions } from './channel.ts';
import { EndMark } from './end-mark.ts';
import FEED from './feed.sh';
import GUARD from './guard.sh';
import { discard } from './output.ts';
import { compactScript } from './script.ts';
import { StdinGate } from './stdin-gate.ts';

/**
 * When a lease is opened, in ms: a command that is done sooner needs none, and should not pay for a second exec. And when
 * it is again.
 */
const LEASE = { first: 500, again: 1000 };
/** Without a lease for this long the connection is lost: the far side gave the client up 10 s before (guard.sh). */
const LEASE_LOST_MS = 15_000;
/** What the feed ends with when the command has ended: 128 + SIGUSR1 (guard.sh). */
const FEED_SIGNALLED = 138;
/** How often, in ms, and how many times it is looked for the command's own process before stdin goes on without. */
const FEED_RETRY_MS = 200;
const FEED_ATTEMPTS = 10;

/** How the streams of an exec are connected. */
export interface ExecOptions extends RunOptions {
  /** Sees the outputs first, stderr also where nobody else wants it. */
  readonly filter?: OutputFilter;
  /** The command reads its stdin at once: an unanswered ping then tells soon that the connection is lost. */
  readonly readsStdin?: boolean;
}

/** Each command is guarded against a lost client. See {@link Channel} for the contract. */
export abstract class GuardedChannel implements Channel {
  readonly #leaseLostMs: number;

  constructor(leaseLostMs = LEASE_LOST_MS) {
    this.#leaseLostMs = leaseLostMs;
  }

  /**
   * Runs a command as it is and returns the exit code that the far side's runtime tells.
   * @param options as for `run`, but without `stdin` the command's stdin stays open and silent until the exec ends
   * @throws {ChannelError} refused, lost or failed
   */
  protected abstract exec(command: readonly string[], options: ExecOptions): Promise<number>;

  /** What is known of a container in which a command has just ended without a word; one sentence, if anything. */
  protected async fate(): Promise<string | undefined> {
    return undefined;
  }

  async run(argv: readonly string[], options: RunOptions): Promise<number> {
    const id = newId();
    if (!options.stdin) return this.#own(id, '', argv, options);
    const lease = new AbortController();
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])]);
    const stdin: Readable = options.terminal
      ? options.stdin
      : new StdinGate(options.stdin, () =>
          this.#openFeed(id, lease.signal, () => (stdin as StdinGate).stop()),
        );
    const command = [...leased(id, options), ...argv];
    const running = this.#toItsEnd(id, command, { ...options, stdin, signal });
    // Behind the command: its server is not kept waiting for what this takes to set up.
    const held = this.#holdLease(id, lease.signal, (error) => lost.abort(error));
    try {
      return await running;
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
    return this.#own(newId(), text, argv, options);
  }

  /** Runs a command whose own stdin tells the far side that the client lives. @param input whole lines */
  async #own(id: string, input: string, argv: readonly string[], options: RunOptions): Promise<number> {
    const lines = String(input.split('\n').length - 1);
    const stdin = beats(input);
    try {
      return await this.#toItsEnd(id, [...guard('own', id, lines), ...argv], {
        ...options,
        stdin,
        readsStdin: true,
      });
    } finally {
      stdin.destroy();
    }
  }

  /**
   * Runs a guarded command. Its end is what the guard says behind its last word: not what comes from further away, where
   * a stream that broke off in the middle is told as a success.
   */
  async #toItsEnd(id: string, command: readonly string[], options: ExecOptions): Promise<number> {
    const end = new EndMark(id, options.terminal ? 1 : 2);
    let code: number;
    try {
      code = await this.exec(command, { ...options, filter: end });
    } catch (error) {
      // The connection may well break when there is nothing left to come.
      if (error instanceof ChannelError && end.code !== undefined) return end.code;
      // The runtime does not say whether it could not start the command or lost it later. What was printed does.
      if (!(error instanceof ChannelError && error.kind === 'failed' && end.hasBegun)) throw error;
      const fate = await this.fate().catch(() => undefined);
      throw new ChannelError('lost', fate ?? `the command was lost while it ran: ${error.message}`, {
        cause: error,
      });
    }
    if (end.code !== undefined) return end.code;
    const fate = await this.fate().catch(() => undefined);
    throw new ChannelError('lost', fate ?? endlessText(code));
  }

  /**
   * Holds a second exec open whose only work is to end when this client is gone, and opens it again when it is lost:
   * the far side waits 5 s for one (guard.sh) before it takes the client for dead. It also tells the client that the
   * connection is gone, which the command's own stream cannot while the command leaves its stdin unread.
   */
  async #holdLease(id: string, signal: AbortSignal, onLost: (error: ChannelError) => void): Promise<void> {
    const command = aliveCommand(`nettools-lease-${id}`);
    let lost: NodeJS.Timeout | undefined;
    let latest: ChannelError | undefined;
    const onOpen = (): void => {
      clearTimeout(lost);
      lost = undefined;
    };
    try {
      for (let pause = LEASE.first; ; pause = LEASE.again) {
        await delay(pause, undefined, { signal });
        const sink = discard();
        const streams = { stdin: beats(), stdout: sink, stderr: sink };
        await this.exec(command, { ...streams, readsStdin: true, signal, onOpen }).catch((error) => {
          // Refused or lost: the loop tries again for as long as the command runs.
          if (!(error instanceof ChannelError && error.kind === 'lost')) return;
          latest = error;
          lost ??= setTimeout(() => onLost(leaseLost(latest ?? error)), this.#leaseLostMs);
        });
      }
    } catch {
      // Aborted while it paused: the command has ended.
    } finally {
      clearTimeout(lost);
    }
  }

  /**
   * Opens an exec by which the far side says that the command has ended and no more stdin is wanted. Resolves when it
   * can say so; when the command has ended already, its exit code is on its way and this does not resolve before.
   */
  async #openFeed(id: string, signal: AbortSignal, onEnded: () => void): Promise<void> {
    const command = ['sh', '-c', compactScript(FEED), 'nettools-feed', `nt${id.slice(0, 13)}`];
    for (let attempt = 0; attempt < FEED_ATTEMPTS && !signal.aborted; attempt++) {
      if ((await this.#startFeed(command, signal, onEnded)) !== 'absent') return;
      // The command's own exec may not have come so far yet.
      await delay(FEED_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** `absent`: the command's process was not found. `ended`: it ended before the feed could say that it is there. */
  #startFeed(
    command: readonly string[],
    signal: AbortSignal,
    onEnded: () => void,
  ): Promise<'open' | 'ended' | 'absent'> {
    return new Promise((resolve) => {
      // The server accepts an exec before its process runs: its first word tells.
      const stdout = new Writable({
        write: (_chunk, _encoding, done) => {
          resolve('open');
          done();
        },
      });
      this.exec(command, { stdout, stderr: discard(), signal }).then(
        (code) => {
          if (code === FEED_SIGNALLED) onEnded();
          resolve(code === FEED_SIGNALLED ? 'ended' : 'absent');
        },
        () => resolve('absent'),
      );
    });
  }
}

/** Names a command on the far side; nobody else can guess it. */
function newId(): string {
  return randomBytes(16).toString('hex');
}

function guard(mode: 'own' | 'lease' | 'terminal', id: string, ...more: readonly string[]): string[] {
  return ['sh', '-c', compactScript(GUARD), 'nettools', mode, id, ...more];
}

function leaseLost(cause: ChannelError): ChannelError {
  const text = `the connection was lost while the command ran, and cannot be made again: ${cause.message}`;
  return new ChannelError('lost', text, { cause });
}

/** What can be said of a command whose guard did not live to tell its end. @param code what the runtime tells of it */
function endlessText(code: number): string {
  switch (code) {
    case 0:
      return "the stream broke off before the command's end: the node's container runtime or kubelet was stopped or restarted; the output may be cut, and the exit code is not known";
    case 129:
    case 143:
      return `the command was ended (exit code ${code}) because the far side lost sight of this client: the connection is bad or this machine is too busy`;
    case 137:
      return 'the container was ended while the command ran (exit code 137: killed): it was out of memory, or was stopped or deleted';
    default:
      return `the shell that ran the command in the container ended with exit code ${code} before it could report the command's end, so the output may be cut; usual causes are the container's process and memory limits`;
  }
}

/** kubelets start a terminal's process without TERM, and full-screen tools then refuse to work. */
function leased(id: string, { terminal }: RunOptions): string[] {
  return terminal?.type === undefined ? guard('lease', id) : guard('terminal', id, terminal.type);
}
