/**
 * The far side of a watch: a process of the prober in the session, which goes on by itself, and the execs that read from it.
 * When one is lost, the next reads on where it ended: nothing is told twice, and nothing is left out while the far side's ring
 * has it.
 */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, ChannelError } from '../channels/channel.ts';
import { discard, TextOutput } from '../channels/output.ts';
import { UserError } from '../model/errors.ts';
import type { FarEvent, WatchGoal } from '../model/watch.ts';
import type { SteadyClock } from './clock.ts';
import { type Told, WatchStream } from './stream.ts';

/** Between two readers, in ms: the first pause, and the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A reader that has said nothing for so long reads nothing: the far side tells its time every 5 s. */
const SILENT_MS = 20_000;
/** How long the end may take that was asked for, in ms. */
const STOP_MS = 8_000;
/** What the prober ends with where there is no such watch. */
const NO_WATCH = 4;

export interface FarPlan {
  readonly goals: readonly WatchGoal[];
  readonly intervalMs: number;
  readonly forMs: number;
  readonly awayMs: number;
  readonly tallyMs: number;
}

export interface FarListener {
  onEvent(event: FarEvent): void;
  /** The far side is out of sight, or back; a sentence without its end. */
  onConnection(text: string): void;
}

const OWN_IMAGE =
  'A watch is the work of a program in the project\'s image: leave out --image, or use one that has nettools-prober. Other images can be asked again and again by "diagnose".';

/** Its container, or the right to use it, is no more. */
export function isGoneForGood({ kind, status }: ChannelError): boolean {
  return kind === 'refused' && (status === 403 || status === 404);
}

export class FarSide {
  readonly #channel: Channel;
  readonly #id = randomBytes(8).toString('hex');
  readonly #plan: FarPlan;
  readonly #listener: FarListener;
  readonly #clock: SteadyClock;
  #offset = 0;
  /** What has to be added to the far side's clock to have ours, in ms: of all that were measured the one with the least delay. */
  #shift = Number.POSITIVE_INFINITY;
  #isOver = false;
  #lastHeard = 0;

  constructor(channel: Channel, plan: FarPlan, listener: FarListener, clock: SteadyClock) {
    this.#channel = channel;
    this.#plan = plan;
    this.#listener = listener;
    this.#clock = clock;
  }

  /** Starts it. @throws {UserError} exit 3: it cannot be started there; ChannelError */
  async start(signal: AbortSignal): Promise<void> {
    const { goals, intervalMs, forMs, awayMs, tallyMs } = this.#plan;
    const lines = [
      `interval ${Math.round(intervalMs)}`,
      `for ${Math.round(forMs)}`,
      `away ${Math.round(awayMs)}`,
      `tally ${Math.round(tallyMs)}`,
      ...goals.map(({ probe, host, port }) => `goal ${probe} ${host} ${port ?? 0}`),
      'end',
    ];
    const [stdout, stderr] = [new TextOutput(4096), new TextOutput(4096)];
    // `command -v` first: a shell's own complaint would be in its own words.
    const argv = [
      'sh',
      '-c',
      'command -v nettools-prober >/dev/null || exit 127; exec nettools-prober watch-start "$1"',
    ];
    const code = await this.#channel.runWithInput([...argv, 'nettools-watch', this.#id], lines.join('\n'), {
      stdout,
      stderr,
      signal,
    });
    const said = stdout.text.trim();
    if (/^watching [01]$/.test(said)) return;
    if (code === 127)
      throw new UserError('the image has no nettools-prober, which a watch needs.', 3, { hint: OWN_IMAGE });
    if (said.startsWith('error '))
      throw new UserError(`the watch could not be started there: ${said.slice(6)}.`, 3);
    throw new UserError('the nettools-prober of the image is too old: it knows no watch.', 3, {
      hint: OWN_IMAGE,
    });
  }

  /**
   * Reads until the far side says that it has ended. Resolves to false where it is gone without a word.
   * @throws the signal's reason; ChannelError: the exec is refused for good
   */
  async follow(signal: AbortSignal): Promise<boolean> {
    let pause = FIRST_PAUSE_MS;
    let isLost = false;
    for (;;) {
      const heardBefore = this.#lastHeard;
      const outcome = await this.#read(signal, () => {
        if (isLost) this.#listener.onConnection('the far side is back');
        isLost = false;
        pause = FIRST_PAUSE_MS;
      });
      if (this.#isOver) {
        // It keeps its last words for a client that was cut off: this one has them.
        await this.stop();
        return true;
      }
      signal.throwIfAborted();
      if (outcome === 'gone') return false;
      if (!isLost && this.#lastHeard > heardBefore)
        this.#listener.onConnection(`the connection is lost: ${outcome}`);
      else if (!isLost) this.#listener.onConnection(`the far side cannot be reached: ${outcome}`);
      isLost = true;
      await sleep(pause, undefined, { signal });
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  }

  /** Asks it to end; its last words still come by {@link follow}. Never throws. */
  async stop(): Promise<void> {
    const sink = discard();
    const argv = ['nettools-prober', 'watch-stop', this.#id];
    const signal = AbortSignal.timeout(STOP_MS);
    await this.#channel.run(argv, { stdout: sink, stderr: sink, signal }).catch(() => undefined);
  }

  /** One reader to its end. @returns `gone`, or why it ended */
  async #read(signal: AbortSignal, onHeard: () => void): Promise<string> {
    const stream = new WatchStream(this.#offset);
    const silent = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(new Error('it says nothing any more')), SILENT_MS);
    };
    let isGone = false;
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, next) => {
        try {
          heard();
          this.#lastHeard = performance.now();
          for (const told of stream.push(chunk)) {
            if (told.kind === 'gone') isGone = true;
            else onHeard();
            this.#take(told);
          }
          this.#offset = stream.offset;
          next();
        } catch (error) {
          next(error as Error);
        }
      },
    });
    heard();
    try {
      const code = await this.#channel.run(
        ['nettools-prober', 'watch-follow', this.#id, String(this.#offset)],
        {
          stdout,
          stderr: discard(),
          signal: AbortSignal.any([signal, silent.signal]),
        },
      );
      return isGone || code === NO_WATCH ? 'gone' : `its reader ended with ${code}`;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ChannelError && isGoneForGood(error)) return 'gone';
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #take(told: Told): void {
    switch (told.kind) {
      case 'now':
        this.#shift = Math.min(this.#shift, this.#clock.now() - told.ms);
        return;
      case 'lost':
        this.#listener.onEvent({ kind: 'lost', at: this.#clock.now(), bytes: told.bytes });
        return;
      case 'gone':
        return;
      case 'record':
        for (const event of this.#events(told)) this.#listener.onEvent(event);
    }
  }

  #events({ record, bytes }: Extract<Told, { readonly kind: 'record' }>): FarEvent[] {
    const shift = Number.isFinite(this.#shift) ? this.#shift : this.#clock.now() - record.ms;
    const { ms, ...rest } = record;
    const at = ms + shift;
    switch (rest.kind) {
      case 'miss': {
        const { lastMs, ...miss } = rest;
        return [{ ...miss, at, ...(lastMs === undefined ? {} : { lastAnswer: lastMs + shift }) }];
      }
      case 'packets':
        return [
          { kind: 'packets', at, goals: rest.goals, packets: rest.packets, pcap: bytes ?? new Uint8Array() },
        ];
      case 'end':
        this.#isOver = true;
        return [{ ...rest, at }];
      default:
        return [{ ...rest, at }];
    }
  }
}
