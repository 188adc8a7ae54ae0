/**
 * Reads a pcap stream as it arrives, in pieces of any size, and gives whole packets only: what is cut off in the middle
 * of a packet never comes out. Memory is bounded by one packet and one piece. Pure.
 * Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap (magic numbers, file header, packet records).
 */
import { concatBytes } from './bytes.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** tcpdump's own limit of a snapshot (MAXIMUM_SNAPLEN): a longer packet shows that the stream is none of tcpdump's. */
const LONGEST_PACKET = 262_144;

/** Fractions of a second that a timestamp counts. */
export type Resolution = 'micro' | 'nano';

/** What stands at the beginning of the stream. */
export interface PcapHeader {
  readonly littleEndian: boolean;
  readonly resolution: Resolution;
  /** Bytes of a packet that are kept, at most. */
  readonly snapLength: number;
  /** A LINKTYPE_ value: https://www.tcpdump.org/linktypes.html */
  readonly linkType: number;
  /** As it stood there, for who passes the stream on. */
  readonly bytes: Uint8Array;
}

/** One captured packet. */
export interface Packet {
  readonly seconds: number;
  /** Micro- or nanoseconds, as the header says. */
  readonly fraction: number;
  /** Its length on the wire, in bytes; `data` may be shorter. */
  readonly originalLength: number;
  readonly data: Uint8Array;
  /** The whole record as it stood in the stream: the record's header, then `data`. */
  readonly record: Uint8Array;
}

/** A packet's timestamp, in nanoseconds since 1970. */
export function timeOf({ seconds, fraction }: Packet, resolution: Resolution): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * (resolution === 'nano' ? 1n : 1_000n);
}

/** The stream is not a pcap; `message` says in a few words what stood there instead. */
export class PcapFormatError extends Error {
  override readonly name = 'PcapFormatError';
}

/** One stream's reader. */
export class PcapReader {
  #header: PcapHeader | undefined;
  /** What has come and is not used up yet, in pieces: joined only when there is enough for the next step. */
  #pieces: Uint8Array[] = [];
  #available = 0;
  #needed = FILE_HEADER_BYTES;

  /** Known once the first 24 bytes have come. */
  get header(): PcapHeader | undefined {
    return this.#header;
  }

  /** Bytes of a packet that is not whole yet. */
  get pendingBytes(): number {
    return this.#available;
  }

  /**
   * Takes the next piece and returns the packets that it completes.
   * @throws {PcapFormatError} the stream is not a pcap; nothing more can be read from it
   */
  push(piece: Uint8Array): Packet[] {
    this.#pieces.push(piece);
    this.#available += piece.length;
    if (this.#available < this.#needed) return [];
    const bytes = concatBytes(this.#pieces);
    let at = 0;
    if (this.#header === undefined) {
      this.#header = readHeader(bytes);
      at = FILE_HEADER_BYTES;
    }
    const packets: Packet[] = [];
    const { littleEndian } = this.#header;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (;;) {
      const left = bytes.length - at;
      this.#needed = RECORD_HEADER_BYTES;
      if (left < RECORD_HEADER_BYTES) break;
      const length = view.getUint32(at + 8, littleEndian);
      if (length > LONGEST_PACKET) throw new PcapFormatError(`a packet of ${length} bytes`);
      this.#needed = RECORD_HEADER_BYTES + length;
      if (left < this.#needed) break;
      const record = bytes.subarray(at, at + this.#needed);
      packets.push({
        seconds: view.getUint32(at, littleEndian),
        fraction: view.getUint32(at + 4, littleEndian),
        originalLength: view.getUint32(at + 12, littleEndian),
        data: record.subarray(RECORD_HEADER_BYTES),
        record,
      });
      at += this.#needed;
    }
    this.#available = bytes.length - at;
    this.#pieces = this.#available > 0 ? [bytes.subarray(at)] : [];
    return packets;
  }
}

const MAGIC: ReadonlyMap<number, Resolution> = new Map([
  [0xa1b2c3d4, 'micro'],
  [0xa1b23c4d, 'nano'],
]);

function readHeader(bytes: Uint8Array): PcapHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const resolution = MAGIC.get(view.getUint32(0, littleEndian));
    if (resolution === undefined) continue;
    return {
      littleEndian,
      resolution,
      snapLength: view.getUint32(16, littleEndian),
      // The upper half says how many bytes of a frame check sequence follow each packet.
      linkType: view.getUint32(20, littleEndian) & 0xffff,
      bytes: bytes.slice(0, FILE_HEADER_BYTES),
    };
  }
  throw new PcapFormatError('it does not begin like a pcap file');
}
