/** Commands that go on in the background on a target while something else is done. */
import type { Channel } from '../channels/channel.ts';
import { discard, TextOutput } from '../channels/output.ts';
import type { PlacePlan } from '../model/place.ts';

/** Each opens a socket and says so. */
const START_LIMIT_MS = 10_000;
/** In characters, of each output; the addresses of a busy Service may be those of thousands of connections. */
const MAX_OUTPUT = 2_000_000;
/** What is printed at the end takes a moment to make and to come. */
const END_LIMIT_MS = 5000;
/** Says which process it is before the command takes its place. */
const TELLING_ITS_PROCESS = 'echo "process $$" >&2; exec "$@"';

/** How a command came to its end. */
export type Ended = { readonly code: number } | { readonly error: unknown };

/** A command that runs and has said that it is ready. */
export interface BackgroundCommand {
  readonly stdout: TextOutput;
  /** Tells it to end and waits until it has, for a while: what it prints last is in `stdout` then. */
  finish(): Promise<void>;
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
 * @param during its words, and what it prints, on stdout or stderr, once it is ready
 * @param signal ends it, whenever that is
 * @throws {NotReadyError}
 */
export async function startInBackground(
  channel: Channel,
  during: NonNullable<PlacePlan['during']>,
  signal: AbortSignal,
): Promise<BackgroundCommand> {
  const { readyWords, printsAtEnd } = during;
  const command = printsAtEnd ? ['sh', '-c', TELLING_ITS_PROCESS, 'sh', ...during.command] : during.command;
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
    end.abort(new Error(`${during.command[0]} is needed no more`));
    await ended;
    return before;
  };
  const finish = async (): Promise<void> => {
    const process = /^process (\d+)$/m.exec(stderr.text)?.[1];
    if (process === undefined || early !== undefined) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(END_LIMIT_MS)]);
    const tell = ['sh', '-c', 'kill "$1"', 'sh', process];
    await channel.run(tell, { stdout: discard(), stderr: discard(), signal: limit }).catch(() => undefined);
    await Promise.race([ended, aborted(limit)]);
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, START_LIMIT_MS, 'late');
  });
  const outcome = await Promise.race([ready, ended, late]);
  clearTimeout(timer);
  if (outcome === 'ready') return { stdout, stop, finish };
  await stop();
  throw new NotReadyError(outcome, `${stdout.text}\n${stderr.text}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
