/** Where the packets of all targets go: in the order of their timestamps, as far as the limits allow, to one output. */
import type { CaptureOptions } from '../model/args.ts';
import { version } from '../model/version.ts';
import { concatBytes } from '../pcap/bytes.ts';
import { ClockWatch, type Skew } from '../pcap/clocks.ts';
import { type CaptureFormat, pcapFormat, pcapngFormat } from '../pcap/format.ts';
import { type MergedPacket, PacketMerger } from '../pcap/merge.ts';
import type { InterfaceCounts } from '../pcap/pcapng.ts';
import type { Packet, PcapHeader } from '../pcap/reader.ts';
import type { CaptureOutput } from './output.ts';
import type { OpenTarget } from './targets.ts';

/** One target's part of what is written. */
export type CaptureSource = Pick<OpenTarget, 'name' | 'description' | 'filter'> & {
  readonly header: PcapHeader;
};

/** Who hears of it. */
export interface SinkListener {
  /** Nothing more is taken: a limit is reached, or the output has failed. */
  onFull(): void;
  /** The output has taken something. */
  onWritten(): void;
}

/** The output of one capture. */
export class CaptureSink {
  readonly #limits: { readonly packets: number; readonly bytes: number };
  readonly #output: CaptureOutput;
  readonly #listener: SinkListener;
  readonly #format: CaptureFormat;
  /** Of several targets. */
  readonly #several: { readonly merger: PacketMerger; readonly clocks: ClockWatch } | undefined;
  /** Writes follow one another, whichever target they come from. */
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isFull = false;
  /** Packets and bytes that the limits count: those that are about to be written too. */
  #accepted = { packets: 0, bytes: 0 };
  readonly #packets: number[];
  #bytes = 0;

  constructor(
    { maxBytes = Number.POSITIVE_INFINITY, capture }: Pick<CaptureOptions, 'maxBytes' | 'capture'>,
    output: CaptureOutput,
    sources: readonly CaptureSource[],
    listener: SinkListener,
  ) {
    this.#limits = { packets: capture.maxPackets ?? Number.POSITIVE_INFINITY, bytes: maxBytes };
    this.#output = output;
    this.#listener = listener;
    this.#packets = sources.map(() => 0);
    const [only] = sources;
    if (sources.length === 1 && only !== undefined) this.#format = pcapFormat(only.header);
    else {
      const resolutions = sources.map(({ header }) => header.resolution);
      this.#several = { merger: new PacketMerger(resolutions), clocks: new ClockWatch(resolutions) };
      const interfaces = sources.map(({ filter, ...source }) => ({ ...source, filter: filter.join(' ') }));
      this.#format = pcapngFormat(interfaces, `kubectl-nettools ${version}`);
    }
  }

  /** Packets of each target that have been written. */
  get packets(): readonly number[] {
    return this.#packets;
  }

  /** All bytes that have been written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the output takes no more; `undefined`: it does. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Two targets' clocks that differ. */
  get skew(): Skew | undefined {
    return this.#several?.clocks.skew();
  }

  /** Writes what stands before the first packet. */
  async begin(): Promise<void> {
    const beginning = this.#format.begin();
    this.#accepted = { packets: 0, bytes: beginning.length };
    await this.#write(beginning);
  }

  /**
   * Takes packets of a target; resolves when more may come.
   * @param cameAt the time of day at which they came, in ms since 1970
   */
  async push(source: number, packets: readonly Packet[], cameAt: number): Promise<void> {
    if (this.#several === undefined) return this.#emit(packets.map((packet) => ({ source, packet })));
    const { merger, clocks } = this.#several;
    clocks.push(source, packets, cameAt);
    const now = performance.now();
    merger.push(source, packets, now);
    await this.#emit(merger.take(now));
    // Also when these wait: a stalled reader must stop every target.
    await this.#writing;
  }

  /** Writes what waits no longer for other targets. */
  async tick(now: number): Promise<void> {
    await this.#emit(this.#several?.merger.take(now) ?? []);
  }

  /** Nothing more comes from a target. */
  end(source: number): void {
    this.#several?.merger.end(source);
  }

  /** Writes what is left, and what stands behind the last packet. */
  async close(counts: readonly InterfaceCounts[]): Promise<void> {
    await this.tick(Number.POSITIVE_INFINITY);
    const trailer = this.#format.end(counts, Date.now());
    if (trailer.length > 0) await this.#write(trailer);
    if (this.#failure === undefined) await this.#output.close();
  }

  /** Writes packets as far as the limits allow. */
  async #emit(packets: readonly MergedPacket[]): Promise<void> {
    if (packets.length === 0 || this.#isFull || this.#failure !== undefined) return;
    const parts: Uint8Array[] = [];
    const sources: number[] = [];
    for (const { source, packet } of packets) {
      const bytes = this.#accepted.bytes + this.#format.packetBytes(packet);
      this.#isFull =
        this.#accepted.packets === this.#limits.packets || bytes + this.#format.endBytes > this.#limits.bytes;
      if (this.#isFull) break;
      this.#accepted = { packets: this.#accepted.packets + 1, bytes };
      parts.push(this.#format.packet(source, packet));
      sources.push(source);
    }
    if (this.#accepted.packets === this.#limits.packets) this.#isFull = true;
    if (this.#isFull) this.#listener.onFull();
    if (parts.length > 0) await this.#write(concatBytes(parts), sources);
  }

  /**
   * Never fails: what went wrong ends the capture and is reported at its end.
   * @param sources of each packet that the bytes hold, its target
   */
  #write(bytes: Uint8Array, sources: readonly number[] = []): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await this.#output.write(bytes);
        this.#listener.onWritten();
        this.#bytes += bytes.length;
        for (const source of sources) this.#packets[source] = (this.#packets[source] ?? 0) + 1;
      } catch (error) {
        this.#failure = error;
        this.#listener.onFull();
      }
    });
    return this.#writing;
  }
}
