/**
 * The way of a command's output past ws, which puts each message together first, by a copy into new memory. What is a whole
 * message of stdout or stderr in one frame (RFC 6455, 5.2) is passed on as it comes. All else, and what it is not sure of, is
 * left to ws, which judges it; whoever asks tells whether ws has read all that it was given. Pure: bytes in, calls out.
 */
import { Channel } from './frames.ts';

/** A final frame of bytes, without an extension. */
const WHOLE_BINARY = 0x82;
/** Of ws' own client (websocket.js, initAsClient). */
const MOST_BYTES = 100 * 1024 * 1024;

/** Who is told. */
export interface FrameTaker {
  /** The next bytes of an output. */
  output(channel: 'stdout' | 'stderr', part: Buffer): void;
  /** What ws has to read; it is not changed later. */
  rest(bytes: Buffer): void;
  /** Whether ws waits for the beginning of a message, and takes any. */
  isFree(): boolean;
}

/** To be given all that comes over a connection behind its upgrade. */
export class OutputFrames {
  readonly #taker: FrameTaker;
  #channel: 'stdout' | 'stderr' = 'stdout';
  /** Bytes of the frame that are still to come. */
  #left = 0;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        const head = this.#taker.isFree() ? this.#head(bytes, at) : 0;
        if (head === 0) {
          // A copy: the connection uses its memory again.
          this.#taker.rest(Buffer.from(bytes.subarray(at)));
          return;
        }
        at += head;
      }
      const part = bytes.subarray(at, at + this.#left);
      this.#left -= part.length;
      at += part.length;
      if (part.length > 0) this.#taker.output(this.#channel, part);
    }
  }

  /** @returns the bytes of a frame's head and its channel; 0: it is for ws */
  #head(bytes: Buffer, at: number): number {
    if (bytes[at] !== WHOLE_BINARY) return 0;
    const short = bytes[at + 1] ?? 0xff;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    // A mask, which no server's frame has, makes it more than 127.
    if (short > 127 || bytes.length - at <= size) return 0;
    const length = size === 2 ? short : size === 4 ? bytes.readUInt16BE(at + 2) : longLength(bytes, at + 2);
    const channel = bytes[at + size];
    if (length === 0 || length > MOST_BYTES) return 0;
    if (channel !== Channel.stdout && channel !== Channel.stderr) return 0;
    this.#channel = channel === Channel.stdout ? 'stdout' : 'stderr';
    this.#left = length - 1;
    return size + 1;
  }
}

function longLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
