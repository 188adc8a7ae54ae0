/** The memory that a connection is read into: a few pieces, used again when all that came in them has been written. */

/** Records of TLS lie in it one behind the other. */
const PIECE_BYTES = 256 * 1024;
/** Room for the largest of them (RFC 8446, 5.1). */
const RECORD_BYTES = 16 * 1024;

interface Piece {
  readonly bytes: Buffer;
  /** How many have not written yet what lies in it. */
  users: number;
}

/** See above. */
export class ReadMemory {
  readonly #free: Piece[] = [];
  #piece: Piece = newPiece();
  #at = 0;

  /** Where the next bytes go. */
  next(): Buffer {
    if (PIECE_BYTES - this.#at < RECORD_BYTES) {
      if (this.#piece.users > 0) this.#piece = this.#free.pop() ?? newPiece();
      this.#at = 0;
    }
    return this.#piece.bytes.subarray(this.#at);
  }

  /** Told of what has come, before anything else is done with it. */
  filled(bytes: Uint8Array): void {
    if (bytes.buffer === this.#piece.bytes.buffer) this.#at += bytes.length;
  }

  /** What has come last stays as it is until the function is called that this gives. */
  keep(): () => void {
    const piece = this.#piece;
    piece.users++;
    return () => {
      piece.users--;
      if (piece.users === 0 && piece !== this.#piece) this.#free.push(piece);
    };
  }
}

function newPiece(): Piece {
  return { bytes: Buffer.allocUnsafeSlow(PIECE_BYTES), users: 0 };
}
