/**
 * The framing of attach and exec without a terminal (Docker Engine API, "Stream format"): each piece of output has a
 * header of 8 bytes, `[stream, 0, 0, 0, size as 32 bits, big endian]`. Pure.
 */

const HEADER = 8;

/** A piece of output; 0 (stdin, never sent here) and 3 (the daemon's own errors) count as stderr. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Takes the bytes as they come, split anywhere, and never keeps more of them than a header. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER);
  #headerLength = 0;
  #left = 0;

  /** The pieces in this chunk; a frame larger than the chunk comes in several. */
  decode(chunk: Buffer): OutputPiece[] {
    const pieces: OutputPiece[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const taken = chunk.copy(this.#header, this.#headerLength, at, at + HEADER - this.#headerLength);
        at += taken;
        this.#headerLength += taken;
        if (this.#headerLength < HEADER) break;
        this.#headerLength = 0;
        this.#left = this.#header.readUInt32BE(4);
        continue;
      }
      const data = chunk.subarray(at, at + this.#left);
      at += data.length;
      this.#left -= data.length;
      pieces.push({ stream: this.#header[0] === 1 ? 'stdout' : 'stderr', data });
    }
    return pieces;
  }
}
