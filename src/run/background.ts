/** Commands that go on in the background on a target while something else is done. */
import type { Channel } from '../channels/channel.ts';
import { TextOutput } from '../channels/output.ts';

/** Each opens a socket and says so. */
const START_LIMIT_MS = 10_000;
/** In characters, of each output; the addresses of a busy Service may be those of thousands of connections. */
const MAX_OUTPUT = 2_000_000;

/** How a command came to its end. */
export type Ended = { readonly code: number } | { readonly error: unknown };

/** A command that runs and has said that it is ready. */
export interface BackgroundCommand {
  readonly stdout: TextOutput;
  /** Ends it; resolves when nothing more comes from it, with its end if it had come to that by itself before. */
  stop(): Promise<Ended | undefined>;
}

/** The command has ended before it was ready, or did not get ready in time. It does not run any more. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly outcome: 'late' | Ended;
  /** What it said of that: its last line, or nothing. */
  readonly lastWords: string;

  constructor(outcome: 'late' | Ended, said: string) {
    super('the command did not get ready');
    this.outcome = outcome;
    this.lastWords = said.trim().split('\n').at(-1) ?? '';
  }
}

/**
 * Starts a command; resolves when it is ready.
 * @param readyWords what it prints, on stdout or stderr, once it is
 * @param signal ends it, whenever that is
 * @throws {NotReadyError}
 */
export async function startInBackground(
  channel: Channel,
  command: readonly string[],
  readyWords: string,
  signal: AbortSignal,
): Promise<BackgroundCommand> {
  const end = new AbortController();
  const { promise: ready, resolve: onReady } = Promise.withResolvers<'ready'>();
  let isReady = false;
  const listen = (text: string): void => {
    if (isReady || !text.includes(readyWords)) return;
    isReady = true;
    onReady('ready');
  };
  const [stdout, stderr] = [new TextOutput(MAX_OUTPUT, listen), new TextOutput(MAX_OUTPUT, listen)];
  let early: Ended | undefined;
  const ended = channel.run(command, { stdout, stderr, signal: AbortSignal.any([signal, end.signal]) }).then(
    (code): Ended => ({ code }),
    (error: unknown): Ended => ({ error }),
  );
  void ended.then((how) => {
    early = how;
  });
  const stop = async (): Promise<Ended | undefined> => {
    const before = early;
    end.abort(new Error(`${command[0]} is needed no more`));
    await ended;
    return before;
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, START_LIMIT_MS, 'late');
  });
  const outcome = await Promise.race([ready, ended, late]);
  clearTimeout(timer);
  if (outcome === 'ready') return { stdout, stop };
  await stop();
  throw new NotReadyError(outcome, `${stdout.text}\n${stderr.text}`);
}
