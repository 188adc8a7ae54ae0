/** A channel by exec whose far side gives a process no sign of a lost client but the end of stdin. */
import { randomBytes } from 'node:crypto';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, ChannelError, type RunOptions } from './channel.ts';
import FEED from './feed.sh';
import GUARD from './guard.sh';
import { discard } from './output.ts';
import { compactScript } from './script.ts';
import { StdinGate } from './stdin-gate.ts';

/** A command that is done sooner needs no lease, and should not pay for a second exec. */
const LEASE_DELAY_MS = 500;
const LEASE_RETRY_MS = 1000;
/** Without a lease for this long the connection is lost: the far side gave the client up 10 s before (guard.sh). */
const LEASE_LOST_MS = 15_000;
/** What the feed ends with when the command has ended: 128 + SIGUSR1 (guard.sh). */
const FEED_SIGNALLED = 138;
/** How often, in ms, and how many times it is looked for the command's own process before stdin goes on without. */
const FEED_RETRY_MS = 200;
const FEED_ATTEMPTS = 10;

/** Each command is guarded against a lost client. See {@link Channel} for the contract. */
export abstract class GuardedChannel implements Channel {
  readonly #leaseLostMs: number;

  constructor(leaseLostMs = LEASE_LOST_MS) {
    this.#leaseLostMs = leaseLostMs;
  }

  /**
   * Runs a command as it is and returns its exit code.
   * @param options as for `run`, but without `stdin` the command's stdin stays open and silent until the exec ends
   * @throws {ChannelError} refused, lost or failed
   */
  protected abstract exec(command: readonly string[], options: RunOptions): Promise<number>;

  async run(argv: readonly string[], options: RunOptions): Promise<number> {
    if (!options.stdin) return this.exec([...guard('own', '0'), ...argv], options);
    const id = randomBytes(8).toString('hex');
    const lease = new AbortController();
    const lost = new AbortController();
    const held = this.#holdLease(id, lease.signal, (error) => lost.abort(error));
    const signal = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])]);
    const stdin: Readable = options.terminal
      ? options.stdin
      : new StdinGate(options.stdin, () =>
          this.#openFeed(id, lease.signal, () => (stdin as StdinGate).stop()),
        );
    try {
      return await this.exec([...guard('lease', id), ...withTerm(argv, options)], {
        ...options,
        stdin,
        signal,
      });
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
    return this.exec([...guard('own', String(lines)), ...argv], { ...options, stdin });
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
        const sink = discard();
        await this.exec(command, { stdout: sink, stderr: sink, signal, onOpen }).catch((error) => {
          // Refused or lost: the loop tries again for as long as the command runs.
          if (!(error instanceof ChannelError && error.kind === 'lost')) return;
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

  /**
   * Opens an exec by which the far side says that the command has ended and no more stdin is wanted. Resolves when it
   * can say so; when the command has ended already, its exit code is on its way and this does not resolve before.
   */
  async #openFeed(id: string, signal: AbortSignal, onEnded: () => void): Promise<void> {
    // The guard looks at the first line of a process's words: the name comes before the script.
    const name = `nettools-feed-${id}`;
    const command = ['sh', '-c', 'eval "$1"', name, compactScript(FEED), `nt${id.slice(0, 13)}`];
    for (let attempt = 0; attempt < FEED_ATTEMPTS && !signal.aborted; attempt++) {
      if ((await this.#startFeed(command, signal, onEnded)) !== 'absent') return;
      // The command's own exec may not have come so far yet.
      await delay(FEED_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** `absent`: there was no command's process to be found. `ended`: it ended before the feed could say that it is there. */
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

function guard(mode: 'own' | 'lease', mark: string): string[] {
  return ['sh', '-c', compactScript(GUARD), 'nettools', mode, mark];
}

/** kubelets start a terminal's process without TERM, and full-screen tools then refuse to work. */
function withTerm(argv: readonly string[], options: RunOptions): readonly string[] {
  return options.terminal?.type === undefined ? argv : ['env', `TERM=${options.terminal.type}`, ...argv];
}
