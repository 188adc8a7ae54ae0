/** Captures the packets of one or several targets into one file or stream, until something ends it. */
import type { CaptureArgs, CaptureDestination } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import { type Deadline, LONGEST_MS, withDeadline } from '../open/deadline.ts';
import { concatBytes } from '../pcap/bytes.ts';
import { ClockWatch } from '../pcap/clocks.ts';
import { type CaptureFormat, pcapFormat, pcapngFormat } from '../pcap/format.ts';
import { type MergedPacket, PacketMerger } from '../pcap/merge.ts';
import type { InterfaceCounts } from '../pcap/pcapng.ts';
import type { Packet, PcapHeader } from '../pcap/reader.ts';
import { type CaptureProgress, captureLine, captureSummary } from '../report/capture-summary.ts';
import { visible } from '../report/text.ts';
import {
  type CaptureOutput,
  checkWritable,
  fileOutput,
  ReaderGoneError,
  stdoutOutput,
  wiresharkOutput,
} from './capture-output.ts';
import { captureFileName, type OpenTarget, openTargets } from './capture-targets.ts';
import { type CaptureEnd, TargetCapture } from './capture-tcpdump.ts';
import { InterruptedError } from './interrupt.ts';
import { LoopWatch } from './own-stream.ts';
import type { ProgressLine } from './progress.ts';
import { findWireshark } from './wireshark.ts';

/** What a process ends with that writes to a pipe without a reader: 128 + SIGPIPE. */
const BROKEN_PIPE_EXIT_CODE = 141;
/** How often the live line changes, and packets that wait for others are looked at, in ms. */
const TICK_MS = 250;
/** tcpdump opens a socket and says so, in ms; a name in its filter is looked up before. */
const START_MS = 20_000;
/** After the end was asked for, how long nothing may come or be taken before it is forced, in ms. */
const STUCK_MS = 5_000;

/** The far side did not end when it was asked to. */
class StuckError extends Error {
  override readonly name = 'StuckError';
}

/**
 * Resolves to the exit code. A capture has no end of its own, so Ctrl-C is its normal one, as it is tcpdump's: once
 * packets are being captured it gives a whole file and the code 0. What else interrupts it gives a whole file too, and
 * its own code.
 */
export async function captureTargets(
  args: CaptureArgs,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  const openOutput = await outputFor(args.destination);
  return withDeadline(args.session, signal, progress, async (deadline) => {
    const targets = await openTargets(args, deadline.signal, deadline.progress);
    try {
      return await new CaptureRun(args, targets, deadline).run(signal, openOutput);
    } finally {
      await Promise.all(targets.map((target) => target.close()));
    }
  });
}

/** How to open the output, once packets are there; what cannot work is refused before anything is done. */
async function outputFor(
  destination: CaptureDestination,
): Promise<(targets: readonly OpenTarget[]) => Promise<CaptureOutput>> {
  switch (destination.kind) {
    case 'wireshark': {
      const program = findWireshark();
      return () => wiresharkOutput(program);
    }
    case 'stdout':
      if (process.stdout.isTTY) {
        throw new UserError('-w - writes packets to stdout, which is a terminal.', 2, {
          hint: 'Pipe it (… -w - | tcpdump -r -), or write a file with -w FILE.',
        });
      }
      return async () => stdoutOutput();
    case 'file': {
      const { path } = destination;
      if (path !== undefined) await checkWritable(path);
      return (targets) =>
        path === undefined ? fileOutput(captureFileName(targets, new Date()), true) : fileOutput(path, false);
    }
  }
}

class CaptureRun {
  readonly #args: CaptureArgs;
  readonly #targets: readonly OpenTarget[];
  readonly #deadline: Deadline;
  readonly #progress: ProgressLine;
  readonly #hard = new AbortController();
  /** Packets are taken from here on. */
  readonly #ready = Promise.withResolvers<void>();
  #captures: readonly TargetCapture[] = [];
  #format: CaptureFormat | undefined;
  #output: CaptureOutput | undefined;
  #merger: PacketMerger | undefined;
  /** Of several targets. */
  #clocks: ClockWatch | undefined;
  /** One for each target. */
  #loops: readonly (LoopWatch | undefined)[] = [];
  /** Writes follow one another, whichever target they come from. */
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #startedAt = 0;
  #lastProgress = 0;
  #isStopping = false;
  #isFull = false;
  /** Packets and bytes that the limits count: those that are about to be written too. */
  #accepted = { packets: 0, bytes: 0 };
  /** Packets of each target that have been written, and all bytes. */
  #packets: number[];
  #bytes = 0;
  /** Whether a line is drawn while it runs. Not with stdout: its reader draws on the same terminal. */
  readonly #isLive: boolean;

  /** @param deadline until packets are being captured */
  constructor(args: CaptureArgs, targets: readonly OpenTarget[], deadline: Deadline<ProgressLine>) {
    this.#args = args;
    this.#targets = targets;
    this.#deadline = deadline;
    this.#progress = deadline.progress;
    this.#isLive = process.stderr.isTTY === true && args.destination.kind !== 'stdout';
    this.#packets = targets.map(() => 0);
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
      this.#output = await openOutput(this.#targets);
      starting.removeEventListener('abort', abort);
      this.#deadline.lift();
      await this.#begin(headers);
      return await this.#untilEnd(signal);
    } catch (error) {
      this.#ready.reject(error);
      this.#hard.abort(error);
      await Promise.allSettled(this.#captures.map(({ ended }) => ended));
      throw error;
    } finally {
      starting.removeEventListener('abort', abort);
    }
  }

  /** Starts every tcpdump; if one does not start, none goes on. */
  async #start(): Promise<PcapHeader[]> {
    this.#progress.show('starting tcpdump');
    this.#captures = this.#targets.map(
      ({ name, channel, filter }, source) =>
        new TargetCapture(
          name,
          channel,
          { ...this.#args.capture, filter },
          {
            onPackets: (packets) => this.#onPackets(source, packets),
            onProgress: () => {
              this.#lastProgress = performance.now();
            },
            liveCounts: this.#isLive,
          },
          this.#hard.signal,
        ),
    );
    const late = setTimeout(() => {
      this.#hard.abort(new UserError(`tcpdump did not start within ${START_MS / 1000} s.`, 3));
    }, START_MS);
    try {
      return await Promise.all(this.#captures.map(({ started }) => started));
    } finally {
      clearTimeout(late);
    }
  }

  async #begin(headers: readonly PcapHeader[]): Promise<void> {
    this.#loops = this.#targets.map(({ mayMeetItself }, source) => {
      const linkType = headers[source]?.linkType;
      return mayMeetItself && linkType !== undefined ? new LoopWatch(linkType) : undefined;
    });
    const [only] = headers;
    if (headers.length === 1 && only !== undefined) this.#format = pcapFormat(only);
    else {
      const resolutions = headers.map(({ resolution }) => resolution);
      this.#merger = new PacketMerger(resolutions);
      this.#clocks = new ClockWatch(resolutions);
      const sources = headers.map((header, source) => {
        const { name = '', description = '', filter = [] } = this.#targets[source] ?? {};
        return { name, description, filter: filter.join(' '), header };
      });
      this.#format = pcapngFormat(sources, `kubectl-nettools ${version}`);
    }
    this.#progress.clear();
    const names = this.#targets.map(({ name }) => name).join(', ');
    process.stderr.write(
      `${visible(`capturing on ${this.#args.capture.interface} at ${names} to ${this.#output?.name}`)}; Ctrl-C ends it.\n`,
    );
    this.#startedAt = performance.now();
    this.#lastProgress = this.#startedAt;
    const beginning = this.#format.begin();
    this.#accepted = { packets: 0, bytes: beginning.length };
    await this.#write(beginning);
    this.#ready.resolve();
  }

  async #untilEnd(signal: AbortSignal): Promise<number> {
    const onSignal = (): void => this.#stop();
    signal.addEventListener('abort', onSignal);
    this.#output?.onGone(() => this.#stop());
    const { durationMs } = this.#args;
    const over =
      durationMs === undefined ? undefined : setTimeout(() => this.#stop(), Math.min(durationMs, LONGEST_MS));
    const tick = setInterval(() => this.#tick(), TICK_MS);
    try {
      if (signal.aborted) this.#stop();
      const ends = await Promise.all(this.#captures.map((capture, source) => this.#endOf(capture, source)));
      await this.#emit(this.#merger?.take(Number.POSITIVE_INFINITY) ?? []);
      return await this.#finish(ends, signal);
    } finally {
      clearInterval(tick);
      clearTimeout(over);
      signal.removeEventListener('abort', onSignal);
    }
  }

  /** Asks every target to end; what is on its way still comes. */
  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#lastProgress = performance.now();
    for (const capture of this.#captures) capture.stop();
  }

  #tick(): void {
    const now = performance.now();
    if (this.#merger) void this.#emit(this.#merger.take(now));
    if (this.#isLive) {
      const line = captureLine(this.#state());
      this.#progress.show(this.#isStopping ? `ending: ${line}` : line);
    }
    if (this.#isStopping && now - this.#lastProgress > STUCK_MS) {
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
          : new UserError(`the capture at ${capture.name} broke off: ${message.replace(/\.$/, '')}.`, 3, {
              cause: error,
            });
      return { counts: undefined, problem };
    } finally {
      this.#merger?.end(source);
    }
  }

  async #onPackets(source: number, packets: readonly Packet[]): Promise<void> {
    const cameAt = Date.now();
    await this.#ready.promise;
    // Not as late as it may be by now.
    this.#clocks?.push(source, packets, cameAt);
    const now = performance.now();
    const loop = this.#loops[source]?.push(packets, now);
    if (loop !== undefined) this.#progress.note(`${this.#targets[source]?.name}: ${loop}`);
    if (this.#merger === undefined) return this.#emit(packets.map((packet) => ({ source, packet })));
    this.#merger.push(source, packets, now);
    await this.#emit(this.#merger.take(now));
    // Also when these wait: a stalled reader must stop every target.
    await this.#writing;
  }

  /** Writes packets as far as the limits allow. */
  async #emit(packets: readonly MergedPacket[]): Promise<void> {
    const format = this.#format;
    if (format === undefined || packets.length === 0 || this.#isFull || this.#failure !== undefined) return;
    const { maxBytes = Number.POSITIVE_INFINITY, capture } = this.#args;
    const { maxPackets = Number.POSITIVE_INFINITY } = capture;
    const parts: Uint8Array[] = [];
    const sources: number[] = [];
    for (const { source, packet } of packets) {
      const bytes = this.#accepted.bytes + format.packetBytes(packet);
      this.#isFull = this.#accepted.packets === maxPackets || bytes + format.endBytes > maxBytes;
      if (this.#isFull) break;
      this.#accepted = { packets: this.#accepted.packets + 1, bytes };
      parts.push(format.packet(source, packet));
      sources.push(source);
    }
    if (this.#accepted.packets === maxPackets) this.#isFull = true;
    if (this.#isFull) this.#stop();
    if (parts.length > 0) await this.#write(concatBytes(parts), sources);
  }

  /**
   * Never fails: what went wrong ends the capture and is told at its end.
   * @param sources of each packet that the bytes hold, its target
   */
  #write(bytes: Uint8Array, sources: readonly number[] = []): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await this.#output?.write(bytes);
        this.#lastProgress = performance.now();
        this.#bytes += bytes.length;
        for (const source of sources) this.#packets[source] = (this.#packets[source] ?? 0) + 1;
      } catch (error) {
        this.#failure = error;
        this.#stop();
      }
    });
    return this.#writing;
  }

  async #finish(ends: readonly CaptureEnd[], signal: AbortSignal): Promise<number> {
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
    const trailer = this.#format?.end(counts, Date.now());
    if (trailer !== undefined && trailer.length > 0) await this.#write(trailer);
    if (this.#failure === undefined) await this.#output?.close();
    this.#progress.clear();
    const targets = this.#targets.map(({ name }, source) => ({
      name,
      packets: this.#packets[source] ?? 0,
      counts: ends[source]?.counts,
    }));
    process.stderr.write(
      captureSummary(this.#state(ends), targets, this.#output?.name ?? '', this.#clocks?.skew()),
    );
    if (this.#failure instanceof ReaderGoneError) {
      return this.#args.destination.kind === 'stdout' ? BROKEN_PIPE_EXIT_CODE : 0;
    }
    if (this.#failure !== undefined) throw this.#failure;
    const problem = ends.find((end) => end.problem !== undefined)?.problem;
    if (problem !== undefined) throw problem;
    const reason: unknown = signal.reason;
    if (!(reason instanceof InterruptedError)) return 0;
    return reason.signal === 'SIGINT' ? 0 : reason.exitCode;
  }

  /** @param ends at the end, when what a target has told last is no longer all that is asked for */
  #state(ends?: readonly CaptureEnd[]): CaptureProgress {
    const counts =
      ends === undefined ? this.#captures.map((one) => one.counts) : ends.map((end) => end.counts);
    const known = counts.flatMap((one) => (one === undefined ? [] : [one.dropped]));
    return {
      packets: this.#packets.reduce((sum, count) => sum + count, 0),
      bytes: this.#bytes,
      dropped: known.length === counts.length ? known.reduce((sum, count) => sum + count, 0) : undefined,
      milliseconds: performance.now() - this.#startedAt,
    };
  }
}
