/** One target's tcpdump: started over its channel, read as it streams, and ended so that it can say what it counted. */
import { PassThrough, Writable } from 'node:stream';
import type { Channel } from '../channels/channel.ts';
import { compactScript } from '../channels/script.ts';
import type { CaptureFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { saysNoFork } from '../model/no-fork.ts';
import { parseCaptureComplaint } from '../parsers/tcpdump-complaint.ts';
import { type CaptureCounts, parseCaptureCounts } from '../parsers/tcpdump-counts.ts';
import { type Packet, PcapFormatError, type PcapHeader, PcapReader } from '../pcap/reader.ts';
import SCRIPT from '../probes/capture.sh';
import { visible } from '../report/text.ts';

/**
 * The kernel's buffer for packets that tcpdump has not taken yet, in KiB: four times tcpdump's own, since an exec
 * stream pauses longer than a disk does.
 */
const BUFFER_KIB = 8192;
/** tcpdump says little; the end of it has the counts. */
const KEPT_STDERR = 8192;
/** tcpdump is asked once a second; counts that are older, in ms, say nothing about now. */
const FRESH_MS = 2_500;
/** A complaint is quoted up to here. */
const LONGEST_QUOTE = 300;

/** The words of the filter are none; nothing was captured. */
export class FilterRefusedError extends UserError {
  constructor(filter: readonly string[], quote: string) {
    super(`tcpdump refuses the filter "${filter.join(' ')}": ${quote}.`, 2, {
      hint: 'Words after TARGET are a filter; several TARGETs need a -- after them: capture A B -- FILTER.',
    });
  }
}

/** Who takes what comes. */
export interface CaptureConsumer {
  /** Resolves when the packets have been taken; until then nothing more is read, and the far side has to wait. */
  onPackets(packets: readonly Packet[]): Promise<void>;
  /** Something has come, be it only the part of a packet. */
  onProgress(): void;
  readonly liveCounts: boolean;
}

/** How a capture came to its end. */
export interface CaptureEnd {
  /** Absent when tcpdump could not say them any more. */
  readonly counts: CaptureCounts | undefined;
  /** Why it ended by itself. */
  readonly problem: UserError | undefined;
}

/** A capture on one target. */
export class TargetCapture {
  /** The name of the target, for messages. */
  readonly name: string;
  /** Resolves when packets are being captured. Rejects with a {@link UserError} when tcpdump does not start. */
  readonly started: Promise<PcapHeader>;
  /** Resolves when nothing more comes. Rejects with the consumer's own error, and when aborted. */
  readonly ended: Promise<CaptureEnd>;
  readonly #spec: CaptureFlags;
  readonly #consumer: CaptureConsumer;
  readonly #stdin = new PassThrough();
  readonly #reader = new PcapReader();
  readonly #onStarted: { resolve: (header: PcapHeader) => void; reject: (error: unknown) => void };
  #stderr = '';
  #toldAt = 0;
  #stopping = false;

  /** Starts it. @param signal ends it at once, without counts */
  constructor(
    name: string,
    channel: Channel,
    spec: CaptureFlags,
    consumer: CaptureConsumer,
    signal: AbortSignal,
  ) {
    this.name = name;
    this.#spec = spec;
    this.#consumer = consumer;
    const { promise, resolve, reject } = Promise.withResolvers<PcapHeader>();
    this.started = promise;
    this.#onStarted = { resolve, reject };
    this.ended = this.#run(channel, signal);
    // Each of the two is awaited, but not at once.
    this.started.catch(() => undefined);
    this.ended.catch(() => undefined);
  }

  /** What tcpdump has just counted; `undefined` while it cannot be asked, since it waits for its reader. */
  get counts(): CaptureCounts | undefined {
    return performance.now() - this.#toldAt < FRESH_MS ? parseCaptureCounts(this.#stderr) : undefined;
  }

  /** Asks tcpdump to end; what it has captured still comes. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    // The line for servers that cannot pass the end on (v4.channel.k8s.io).
    this.#stdin.end('\n');
  }

  async #run(channel: Channel, signal: AbortSignal): Promise<CaptureEnd> {
    try {
      const code = await channel.run(this.#command(), {
        stdin: this.#stdin,
        stdout: this.#stdout(),
        stderr: this.#collectStderr(),
        signal,
      });
      if (this.#reader.header === undefined) throw this.#notStarted(code);
      return {
        counts: parseCaptureCounts(this.#stderr),
        problem: this.#stopping || code === 0 ? undefined : this.#ended(code),
      };
    } catch (error) {
      const told =
        error instanceof PcapFormatError
          ? new UserError(`${this.name} sent something that is not a capture: ${error.message}.`, 3, {
              cause: error,
            })
          : error;
      this.#onStarted.reject(told);
      throw told;
    }
  }

  #command(): string[] {
    const { interface: name, snapLength, maxPackets, filter } = this.#spec;
    return [
      ...['sh', '-c', compactScript(SCRIPT), 'nettools-capture', this.#consumer.liveCounts ? '1' : '0'],
      ...['tcpdump', '-i', name, '-w', '-', '-U', '-B', String(BUFFER_KIB)],
      // Nothing of the target is changed, its interfaces' mode included; and tcpdump stays the user that its watcher is,
      // which could not signal it otherwise.
      ...['-p', '-Z', 'root'],
      ...(snapLength === undefined ? [] : ['-s', String(snapLength)]),
      ...(maxPackets === undefined ? [] : ['-c', String(maxPackets)]),
      ...['--', ...filter],
    ];
  }

  #stdout(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, next) => {
        this.#take(chunk).then(() => next(), next);
      },
    });
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#consumer.onProgress();
    const packets = this.#reader.push(chunk);
    const { header } = this.#reader;
    if (header !== undefined) this.#onStarted.resolve(header);
    if (packets.length > 0) await this.#consumer.onPackets(packets);
  }

  #collectStderr(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, next) => {
        this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-KEPT_STDERR);
        this.#toldAt = performance.now();
        next();
      },
    });
  }

  #quote(): string {
    return visible(parseCaptureComplaint(this.#stderr).text).slice(0, LONGEST_QUOTE);
  }

  #notStarted(code: number): UserError {
    const { name } = this;
    const quote = this.#quote();
    if (saysNoFork(this.#stderr)) {
      return new UserError(
        `${name} cannot start any more processes: its process limit (pids) is reached.`,
        3,
      );
    }
    if (code === 126 || code === 127) {
      return new UserError(`${name} has no tcpdump.`, 3, {
        hint: "The tool's own image has it (leave out --image). On this machine (local, netns:, pid:), install tcpdump.",
      });
    }
    switch (parseCaptureComplaint(this.#stderr).about) {
      case 'rights':
        return new UserError(
          `${name} cannot be captured on: this session lacks the capability NET_RAW, or AppArmor or SELinux refuses it.`,
          3,
          {
            hint: "--profile netadmin asks for NET_RAW, if the namespace admits it; a security module logs its refusal in the node's kernel log (dmesg).",
          },
        );
      case 'interface':
        return new UserError(
          `${name} has no interface "${visible(this.#spec.interface)}" to capture on: ${quote}.`,
          3,
        );
      case 'filter':
        return new FilterRefusedError(this.#spec.filter, quote);
      case 'other':
        return this.#ended(code);
    }
  }

  #ended(code: number): UserError {
    const quote = this.#quote();
    return new UserError(
      `tcpdump at ${this.name} ended with exit code ${code}${quote === '' ? '' : `: ${quote}`}.`,
      3,
    );
  }
}
