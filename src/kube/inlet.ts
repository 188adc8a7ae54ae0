/**
 * Where the bytes of a connection go: into its stream, as everywhere, or to somebody who brings the memory to read them into.
 * Node makes a buffer for each of a stream's TLS records, 18,000 of them for 300 MB, and frees it again; with `onread` none.
 */
import type { OnReadOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Takes what comes over a connection, as it comes. */
export interface Taker {
  /** Memory for what comes next, 16 KiB or more: the largest TLS record (RFC 8446, 5.1). */
  memory(): Uint8Array;
  /** What has come: it lies in the memory that was asked for last, or in some that is nobody else's. */
  take(bytes: Buffer): void;
}

/** Before a taker comes, what is read lies here for a moment. */
const OWN_BYTES = 64 * 1024;

/** See above. */
export class Inlet {
  /** For `tls.connect`. */
  readonly onread: OnReadOpts;
  #socket: TLSSocket | undefined;
  #taker: Taker | undefined;
  #isTakers = false;

  constructor() {
    const own = Buffer.allocUnsafeSlow(OWN_BYTES);
    this.onread = {
      buffer: () => {
        this.#isTakers = this.#taker !== undefined;
        return this.#taker?.memory() ?? own;
      },
      callback: (size, memory) => {
        const bytes = Buffer.from(memory.buffer, memory.byteOffset, size);
        if (this.#taker === undefined) return this.#socket?.push(Buffer.from(bytes)) ?? true;
        this.#taker.take(this.#isTakers ? bytes : Buffer.from(bytes));
        return true;
      },
    };
  }

  /** @param socket that was connected with {@link onread} */
  of(socket: TLSSocket): this {
    this.#socket = socket;
    return this;
  }

  /** From now on all goes to the taker, first what the stream still has. The socket is paused then, and goes on when it is resumed. */
  lead(taker: Taker): void {
    for (let kept = this.#socket?.read(); kept; kept = this.#socket?.read()) taker.take(kept as Buffer);
    this.#taker = taker;
    // With `onread`, a socket that is read goes on, paused or not.
    this.#socket?.pause();
  }
}
