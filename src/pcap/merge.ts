/**
 * Puts the packets of several live streams into the order of their timestamps. Pure: the caller brings the time.
 *
 * Each tcpdump hands its packets over in batches, so that what happened at one moment at two places arrives up to a
 * second apart. A packet is therefore held back until every stream has a later one, but no longer than a limit: a silent
 * stream stops nobody.
 */
import { type Packet, type Resolution, timeOf } from './reader.ts';

/** How long a packet waits for earlier ones, in ms: the kernel's second for a batch, and as much for the way. */
const HOLD_MS = 2_000;
/** What may wait, in bytes of packets; beyond it the earliest go, whatever may still come. */
const HELD_BYTES = 16 * 1024 * 1024;

/** A packet and the number of the stream that it came from. */
export interface MergedPacket {
  readonly source: number;
  readonly packet: Packet;
}

interface Held {
  readonly packet: Packet;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** When it came, in the caller's ms. */
  readonly since: number;
}

interface Stream {
  readonly resolution: Resolution;
  readonly held: Held[];
  /** Of `held`, how many have been given out: a queue without a shift for each packet. */
  taken: number;
  ended: boolean;
}

/** The streams of one capture. */
export class PacketMerger {
  readonly #streams: Stream[];
  #heldBytes = 0;

  /** @param resolutions one for each stream */
  constructor(resolutions: readonly Resolution[]) {
    this.#streams = resolutions.map((resolution) => ({ resolution, held: [], taken: 0, ended: false }));
  }

  /** Bytes of the packets that wait. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes packets of a stream. @param now a clock's ms; the same clock as for `take` */
  push(source: number, packets: readonly Packet[], now: number): void {
    const stream = this.#streams[source];
    if (stream === undefined) throw new RangeError(`no stream ${source}`);
    for (const packet of packets) {
      stream.held.push({ packet, time: timeOf(packet, stream.resolution), since: now });
      this.#heldBytes += packet.record.length;
    }
  }

  /** Nothing more comes from this stream: the others need not wait for it. */
  end(source: number): void {
    const stream = this.#streams[source];
    if (stream !== undefined) stream.ended = true;
  }

  /** The packets whose turn has come. */
  take(now: number): MergedPacket[] {
    const due: MergedPacket[] = [];
    for (;;) {
      const source = this.#earliest();
      const stream = this.#streams[source];
      const held = stream?.held[stream.taken];
      if (stream === undefined || held === undefined) return due;
      const isDue =
        now - held.since >= HOLD_MS ||
        this.#heldBytes > HELD_BYTES ||
        this.#streams.every((one) => one.ended || one.taken < one.held.length);
      if (!isDue) return due;
      due.push({ source, packet: held.packet });
      this.#heldBytes -= held.packet.record.length;
      stream.taken++;
      if (stream.taken === stream.held.length) {
        stream.held.length = 0;
        stream.taken = 0;
      } else if (stream.taken >= COMPACT_AT) {
        stream.held.splice(0, stream.taken);
        stream.taken = 0;
      }
    }
  }

  /** The stream whose first packet is the earliest; -1: none has one. */
  #earliest(): number {
    let earliest = -1;
    let least: bigint | undefined;
    for (const [source, { held, taken }] of this.#streams.entries()) {
      const time = held[taken]?.time;
      if (time === undefined || (least !== undefined && time >= least)) continue;
      least = time;
      earliest = source;
    }
    return earliest;
  }
}

const COMPACT_AT = 1024;
