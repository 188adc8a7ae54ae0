/**
 * Whether the clocks that stamp the packets of several streams agree. Pure: the caller brings the time.
 *
 * What lies between a packet's timestamp and its arrival is the way here and the difference of two clocks. The way varies
 * and is never negative, so the least that was seen of a stream is close to the clocks' part of it.
 */
import { type Packet, type Resolution, timeOf } from './reader.ts';

/** A packet waits up to so long for its kernel to hand over the batch, in ms; the last of many waits for less. */
const BATCH_MS = 1_000;
/** What the shortest way takes, at most, in ms. */
const WAY_MS = 200;
/** What comes sooner after another is of the same batch, in ms. */
const APART_MS = 100;

/** Two streams' clocks that differ by more than can come of the way. */
export interface Skew {
  /** Numbers of streams. */
  readonly ahead: number;
  readonly behind: number;
  readonly ms: number;
}

interface Stream {
  readonly resolution: Resolution;
  /** Arrival here minus timestamp there, in ms; infinite before the first packet. */
  least: number;
  batches: number;
  lastAt: number;
}

/** The clocks of one capture. */
export class ClockWatch {
  readonly #streams: Stream[];

  /** @param resolutions one for each stream */
  constructor(resolutions: readonly Resolution[]) {
    this.#streams = resolutions.map((resolution) => ({
      resolution,
      least: Number.POSITIVE_INFINITY,
      batches: 0,
      lastAt: Number.NEGATIVE_INFINITY,
    }));
  }

  /** Takes packets of a stream. @param now the time of day, in ms since 1970 */
  push(source: number, packets: readonly Packet[], now: number): void {
    const stream = this.#streams[source];
    const latest = packets.at(-1);
    if (stream === undefined || latest === undefined) return;
    stream.least = Math.min(stream.least, now - Number(timeOf(latest, stream.resolution)) / 1e6);
    if (now - stream.lastAt >= APART_MS) stream.batches++;
    stream.lastAt = now;
  }

  /** The two that differ most; `undefined`: as far as can be seen they all agree. */
  skew(): Skew | undefined {
    const known = [...this.#streams.entries()].filter(([, { batches }]) => batches > 0);
    known.sort(([, a], [, b]) => a.least - b.least);
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const ms = last[1].least - first[1].least;
    return ms > uncertainty(first[1]) + uncertainty(last[1])
      ? { ahead: first[0], behind: last[0], ms }
      : undefined;
  }
}

function uncertainty({ batches }: Stream): number {
  return WAY_MS + (2 * BATCH_MS) / (batches + 1);
}
