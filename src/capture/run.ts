/** One capture from the start of every tcpdump to the last packet, whatever ends it. */

import { InterruptedError } from '../console/interrupt.ts';
import type { CaptureOptions } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { type Deadline, LONGEST_MS } from '../open/deadline.ts';
import type { InterfaceCounts } from '../pcap/pcapng.ts';
import type { Packet, PcapHeader } from '../pcap/reader.ts';
import type { CaptureProgress } from '../report/capture-summary.ts';
import { type CaptureOutput, ReaderGoneError } from './output.ts';
import { LoopWatch } from './own-stream.ts';
import { CaptureSink } from './sink.ts';
import type { OpenTarget } from './targets.ts';
import { type CaptureEnd, TargetCapture } from './tcpdump.ts';
import type { CaptureTeller } from './teller.ts';

/** What a process ends with that writes to a pipe without a reader: 128 + SIGPIPE. */
const BROKEN_PIPE_EXIT_CODE = 141;
/** How often the live line changes, and packets that wait for others are looked at, in ms. */
const TICK_MS = 250;
/** tcpdump opens a socket and says so, in ms; a name in its filter is looked up before. */
const START_MS = 20_000;
/** After the end was asked for, how long nothing may come or be taken before it is forced, in ms. */
const STUCK_MS = 5_000;
/**
 * After the end was asked for, how long anything may come at all, in ms: what waits on a slow link. At a busy target that does
 * not end, there is always more.
 */
const LINGER_MS = 30_000;

/** The far side did not end when it was asked to. */
class StuckError extends Error {
  override readonly name = 'StuckError';
}

/** One capture, on all its targets at once. */
export class CaptureRun {
  readonly #args: CaptureOptions;
  #targets: readonly OpenTarget[];
  readonly #deadline: Deadline;
  readonly #progress: Progress;
  readonly #teller: CaptureTeller;
  readonly #hard = new AbortController();
  /** Packets are taken from here on. */
  readonly #ready = Promise.withResolvers<CaptureSink>();
  #captures: readonly TargetCapture[] = [];
  #sink: CaptureSink | undefined;
  /** One for each target. */
  #loops: readonly (LoopWatch | undefined)[] = [];
  #startedAt = 0;
  #lastProgress = 0;
  /** `undefined`: it goes on. */
  #stoppedAt: number | undefined;

  /** @param deadline until packets are being captured */
  constructor(
    args: CaptureOptions,
    targets: readonly OpenTarget[],
    deadline: Deadline,
    teller: CaptureTeller,
  ) {
    this.#args = args;
    this.#targets = targets;
    this.#deadline = deadline;
    this.#progress = deadline.progress;
    this.#teller = teller;
    this.#ready.promise.catch(() => undefined);
  }

  async run(
    signal: AbortSignal,
    openOutput: (targets: readonly OpenTarget[]) => Promise<CaptureOutput>,
  ): Promise<number> {
    const starting = this.#deadline.signal;
    const abort = (): void => this.#hard.abort(starting.reason);
    starting.addEventListener('abort', abort);
    try {
      starting.throwIfAborted();
      const headers = await this.#start();
      const output = await openOutput(this.#targets);
      starting.removeEventListener('abort', abort);
      this.#deadline.lift();
      await this.#begin(headers, output);
      return await this.#untilEnd(output, signal);
    } catch (error) {
      this.#ready.reject(error);
      this.#hard.abort(error);
      await Promise.allSettled(this.#captures.map(({ ended }) => ended));
      throw error;
    } finally {
      starting.removeEventListener('abort', abort);
    }
  }

  /** Starts every tcpdump. Where one does not start, none goes on, unless the teller takes it for one of many. */
  async #start(): Promise<PcapHeader[]> {
    this.#progress.show('starting tcpdump');
    this.#captures = this.#targets.map(
      (target) =>
        new TargetCapture(
          target.name,
          target.channel,
          { ...this.#args.capture, filter: target.filter },
          {
            onPackets: (packets) => this.#onPackets(target, packets),
            onProgress: () => {
              this.#lastProgress = performance.now();
            },
            liveCounts: this.#teller.isLive,
          },
          this.#hard.signal,
        ),
    );
    const late = setTimeout(() => {
      this.#hard.abort(new UserError(`tcpdump did not start within ${START_MS / 1000} s.`, 3));
    }, START_MS);
    try {
      return await this.#started();
    } finally {
      clearTimeout(late);
    }
  }

  async #started(): Promise<PcapHeader[]> {
    const all = await Promise.allSettled(this.#captures.map(({ started }) => started));
    const failures = all.flatMap((one, source) =>
      one.status === 'fulfilled'
        ? []
        : [{ target: this.#targets[source] as OpenTarget, error: one.reason as unknown }],
    );
    const [first] = failures;
    if (first === undefined) return all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    this.#hard.signal.throwIfAborted();
    if (this.#teller.left === undefined || failures.length === all.length) throw first.error;
    for (const { target, error } of failures) this.#teller.left(target, error);
    const isThere = (_one: unknown, source: number): boolean => all[source]?.status === 'fulfilled';
    this.#targets = this.#targets.filter(isThere);
    this.#captures = this.#captures.filter(isThere);
    return all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  async #begin(headers: readonly PcapHeader[], output: CaptureOutput): Promise<void> {
    this.#loops = this.#targets.map(({ mayMeetItself }, source) => {
      const linkType = headers[source]?.linkType;
      return mayMeetItself && linkType !== undefined ? new LoopWatch(linkType) : undefined;
    });
    this.#teller.begun(this.#targets, output.name);
    this.#startedAt = performance.now();
    this.#lastProgress = this.#startedAt;
    const sources = this.#targets.flatMap(({ name, description, filter }, source) => {
      const header = headers[source];
      return header === undefined ? [] : [{ name, description, filter, header }];
    });
    const sink = new CaptureSink(this.#args, output, sources, {
      onFull: () => this.#stop(),
      onWritten: () => {
        this.#lastProgress = performance.now();
      },
    });
    await sink.begin();
    this.#sink = sink;
    this.#ready.resolve(sink);
  }

  async #untilEnd(output: CaptureOutput, signal: AbortSignal): Promise<number> {
    const onSignal = (): void => this.#stop();
    signal.addEventListener('abort', onSignal);
    output.onGone(() => this.#stop());
    const { durationMs } = this.#args;
    const over =
      durationMs === undefined ? undefined : setTimeout(() => this.#stop(), Math.min(durationMs, LONGEST_MS));
    const tick = setInterval(() => this.#tick(), TICK_MS);
    try {
      if (signal.aborted) this.#stop();
      const ends = await Promise.all(this.#captures.map((capture, source) => this.#endOf(capture, source)));
      return await this.#finish(ends, output, signal);
    } finally {
      clearInterval(tick);
      clearTimeout(over);
      signal.removeEventListener('abort', onSignal);
    }
  }

  /** Asks every target to end; what is on its way still comes. */
  #stop(): void {
    if (this.#stoppedAt !== undefined) return;
    this.#stoppedAt = performance.now();
    this.#lastProgress = this.#stoppedAt;
    for (const capture of this.#captures) capture.stop();
  }

  #tick(): void {
    const now = performance.now();
    void this.#sink?.tick(now);
    if (this.#teller.isLive) this.#teller.live(this.state(), this.#stoppedAt !== undefined);
    if (this.#stoppedAt === undefined) return;
    if (now - this.#lastProgress > STUCK_MS || now - this.#stoppedAt > LINGER_MS) {
      this.#hard.abort(new StuckError('the far side did not end'));
    }
  }

  async #endOf(capture: TargetCapture, source: number): Promise<CaptureEnd> {
    try {
      return await capture.ended;
    } catch (error) {
      if (error instanceof StuckError) return { counts: undefined, problem: undefined };
      const message = error instanceof Error ? error.message : String(error);
      const problem =
        error instanceof UserError
          ? error
          : new UserError(`the capture at ${capture.name} broke off: ${withoutFullStop(message)}.`, 3, {
              cause: error,
            });
      return { counts: undefined, problem };
    } finally {
      this.#sink?.end(source);
    }
  }

  async #onPackets(target: OpenTarget, packets: readonly Packet[]): Promise<void> {
    // Not as late as it may be when they are taken.
    const cameAt = Date.now();
    const sink = await this.#ready.promise;
    const source = this.#targets.indexOf(target);
    const loop = this.#loops[source]?.push(packets, performance.now());
    if (loop !== undefined) this.#progress.note(`${target.name}: ${loop}`);
    await sink.push(source, packets, cameAt);
  }

  async #finish(ends: readonly CaptureEnd[], output: CaptureOutput, signal: AbortSignal): Promise<number> {
    const counts = ends.map((end): InterfaceCounts => {
      if (end.counts === undefined) return {};
      const { captured, received, dropped, droppedByInterface } = end.counts;
      return {
        delivered: captured,
        acceptedByFilter: received,
        droppedBySystem: dropped,
        droppedByInterface,
      };
    });
    await this.#sink?.close(counts);
    const failure = this.#sink?.failure;
    const targets = this.#targets.map(({ name }, source) => ({
      name,
      packets: this.#sink?.packets[source] ?? 0,
      counts: ends[source]?.counts,
    }));
    const state = this.state(ends);
    // The header alone is no capture: whoever has gone may not even have read that.
    if (failure instanceof ReaderGoneError && state.packets === 0) this.#teller.unread(output.name);
    else this.#teller.ended(state, targets, output.name, this.#sink?.skew);
    if (failure instanceof ReaderGoneError) {
      return this.#args.destination.kind === 'stdout' ? BROKEN_PIPE_EXIT_CODE : 0;
    }
    if (failure !== undefined) throw failure;
    const problem = ends.find((end) => end.problem !== undefined)?.problem;
    if (problem !== undefined) throw problem;
    const reason: unknown = signal.reason;
    if (!(reason instanceof InterruptedError)) return 0;
    return reason.signal === 'SIGINT' ? 0 : reason.exitCode;
  }

  /** How far it is. @param ends at the end, when what a target reported last is not enough */
  state(ends?: readonly CaptureEnd[]): CaptureProgress {
    const counts =
      ends === undefined ? this.#captures.map((one) => one.counts) : ends.map((end) => end.counts);
    const known = counts.flatMap((one) => (one === undefined ? [] : [one.dropped]));
    return {
      packets: (this.#sink?.packets ?? []).reduce((sum, count) => sum + count, 0),
      bytes: this.#sink?.bytes ?? 0,
      dropped: known.length === counts.length ? known.reduce((sum, count) => sum + count, 0) : undefined,
      milliseconds: performance.now() - this.#startedAt,
    };
  }
}
