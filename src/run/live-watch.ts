/** A check's probe while somebody looks on: an exec of its own, whose lines are shown as they come. */
import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Channel } from '../channels/channel.ts';
import { TextOutput } from '../channels/output.ts';
import type { Budget } from '../model/budget.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../model/evidence.ts';
import type { LiveSink, LiveWatch } from '../model/live.ts';
import { gather } from '../probes/gather.ts';
import { redact } from '../probes/redact.ts';
import { PROBE_SCRIPTS } from '../probes/scripts.ts';
import type { PreparedCheck } from './prepared-check.ts';

/** What a run carries of one output (runner.sh, max), in characters. A line that is longer is nobody's. */
const MOST_KEPT = 1_048_576;
const MOST_COMPLAINT = 4096;
/** Names are read again no more often than this, in ms: it takes a process for each namespace. */
const NAMES_AGAIN_MS = 10_000;

interface WatchOptions {
  readonly signal: AbortSignal;
  readonly budget: Budget;
  readonly live: LiveSink;
}

/**
 * The evidence of the run's one check, whose probe is looked at meanwhile; `undefined`: there is nothing to be looked at.
 * @throws as `gather` and `Channel.run` do
 */
export async function watchLive(
  [only, ...others]: readonly PreparedCheck[],
  channel: Channel,
  { signal, budget, live }: WatchOptions,
): Promise<Evidence | undefined> {
  const watch = only?.check.live?.(only.input);
  if (only === undefined || watch === undefined || others.length > 0) return undefined;
  const { before, probe, after } = only.check.plan(only.input, PROBE_SCRIPTS);
  const command = probe.find(({ id }) => id === watch.probe);
  if (command === undefined) return undefined;
  const read = async (commands: readonly ProbeCommand[], until: AbortSignal): Promise<Evidence> =>
    commands.length === 0 ? {} : gather(channel, { phases: [commands] }, { signal: until, budget });
  const early = await read(before, signal);
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const naming = after.filter(({ id }) => watch.naming.includes(id));
  const names = new Names(watch, () => read(naming, ending));
  try {
    const seen = await live.during((enough) =>
      runWatched(command, watch, channel, {
        signal,
        enough,
        onNews: () => {
          names.refresh();
          if (watch.view !== undefined) live.show(watch.view);
        },
      }),
    );
    return { ...early, [watch.probe]: seen, ...(await read(after, signal)) };
  } finally {
    stop.abort(new Error('the watch is over'));
    await names.settled();
  }
}

/** Reads what names are made of, now and then, while the watch goes on. */
class Names {
  readonly #watch: LiveWatch;
  readonly #read: () => Promise<Evidence>;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(watch: LiveWatch, read: () => Promise<Evidence>) {
    this.#watch = watch;
    this.#read = read;
  }

  refresh(): void {
    const now = performance.now();
    if (this.#reading !== undefined || !this.#watch.lacksNames || now - this.#readAt < NAMES_AGAIN_MS) return;
    this.#readAt = now;
    // Without them there are numbers, and what is wrong is said when they are read for the report.
    this.#reading = this.#read()
      .then(
        (evidence) => this.#watch.learn(evidence),
        () => undefined,
      )
      .finally(() => {
        this.#reading = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.#reading;
  }
}

interface Watched {
  readonly signal: AbortSignal;
  /** Ends it early, with its result. */
  readonly enough: AbortSignal;
  readonly onNews: () => void;
}

async function runWatched(
  { id, argv, timeoutSeconds }: ProbeCommand,
  watch: LiveWatch,
  channel: Channel,
  { signal, enough, onNews }: Watched,
): Promise<ProbeResult> {
  const words = [...argv, ...watch.words];
  const started = performance.now();
  const stdout = new Lines((line) => {
    const isNews = watch.take(line);
    if (isNews) onNews();
    return !isNews;
  });
  const stderr = new TextOutput(MOST_COMPLAINT);
  const stdin = new PassThrough();
  const end = (): void => {
    stdin.write('end\n');
  };
  if (enough.aborted) end();
  enough.addEventListener('abort', end);
  const late = AbortSignal.timeout(timeoutSeconds * 1000);
  let [status, code]: [ProbeResult['status'], number] = ['exited', 0];
  try {
    code = await channel.run(words, { stdin, stdout, stderr, signal: AbortSignal.any([signal, late]) });
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    status = 'timeout';
  } finally {
    enough.removeEventListener('abort', end);
    stdin.destroy();
  }
  return {
    id,
    command: words,
    status,
    code,
    durationMs: Math.round(performance.now() - started),
    stdout: redact(stdout.kept),
    stderr: redact(stderr.text),
    truncated: stdout.isFull,
  };
}

/** Keeps the lines that it is told to. */
class Lines extends Writable {
  kept = '';
  /** More came than was kept. */
  isFull = false;
  readonly #keeps: (line: string) => boolean;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(keeps: (line: string) => boolean) {
    super();
    this.#keeps = keeps;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const lines = `${this.#rest}${this.#decoder.write(chunk)}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#rest.length > MOST_KEPT) {
      this.isFull = true;
      this.#rest = '';
    }
    done();
  }

  #take(line: string): void {
    if (!this.#keeps(line)) return;
    if (this.kept.length + line.length < MOST_KEPT) this.kept += `${line}\n`;
    else this.isFull = true;
  }
}
