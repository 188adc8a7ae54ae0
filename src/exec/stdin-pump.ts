/** Sends a local stream as a remote command's stdin, no faster than it is taken. */
import type { Socket } from 'node:net';
import { finished, type Readable } from 'node:stream';
import WebSocket from 'ws';
import { type InputTaker, led } from './direct-input.ts';
import { encodeStdinClose, MAX_STDIN_PAYLOAD, PROTOCOL_V5 } from './frames.ts';
import { freeBuffersInTime } from './free-buffers.ts';
import { MAX_HEAD_BYTES, writeStdinFrame } from './stdin-frame.ts';

/** Bytes that wait or are being written; above it the source is not read. */
const STDIN_WINDOW = 256 * 1024;
const FRAME_BYTES = MAX_HEAD_BYTES + MAX_STDIN_PAYLOAD;
/** What goes to the socket at once: with more of them Node would put them together by a copy. */
const BATCH_BYTES = 4 * FRAME_BYTES;
/** What is more, or is not sent at once, is worth a buffer of the full size, which is used again. */
const LARGE_BYTES = 2048;

/** One stream's way into one socket. Frames that come while others are being written wait, and go together. */
export class StdinPump {
  readonly #stdin: Readable;
  readonly #socket: WebSocket;
  /** A gigabyte goes through a few buffers; new ones for each chunk would wait in memory for the garbage collector. */
  readonly #free: Buffer[] = [];
  /** What is written next, and how much of it is there. */
  #batch: Buffer | undefined;
  #waiting = 0;
  #inFlight = 0;
  #sent = 0;
  #sentWaiting = 0;
  #isStopped = false;
  /** The source has been told that it is enough for now. */
  #isHeld = false;
  /** How a source goes on that has been led past its stream. */
  #goOn: (() => void) | undefined;

  constructor(stdin: Readable, socket: WebSocket) {
    this.#stdin = stdin;
    this.#socket = socket;
  }

  /** Bytes that have been given to the socket. */
  get sent(): number {
    return this.#sent;
  }

  /** Lets go of the source: a read that is waiting must not keep the process alive or eat the terminal's next line. */
  stop(): void {
    this.#isStopped = true;
    this.#stdin.pause();
    this.#stdin.destroy();
  }

  /**
   * Resolves when all has been sent, or the socket takes no more. Rejects with the source's own error. A chunk is sent in the
   * moment in which it comes: to iterate over the stream would put two turns of the event loop's queues before it.
   */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdin.on('data', (chunk: Uint8Array | string) => this.#onData(chunk));
      finished(this.#stdin, { writable: false }, (error) => {
        if (this.#isStopped) resolve();
        else if (error) reject(error);
        else {
          this.#write();
          // v4 has no half-close, and closing the whole stream would lose the rest of the output: leave it open.
          if (this.#isOpen && this.#socket.protocol === PROTOCOL_V5) this.#socket.send(encodeStdinClose());
          resolve();
        }
      });
    });
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  #onData(chunk: Uint8Array | string): void {
    if (!this.#take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) this.#stdin.pause();
    freeBuffersInTime(this.#sent);
    this.#goOn = this.#isStopped ? undefined : led(this.#stdin, this.#take);
    if (this.#goOn === undefined) return;
    // For its end.
    this.#stdin.resume();
    if (!this.#isHeld) this.#goOn();
  }

  /** Whether more is wanted now. */
  readonly #take: InputTaker = (bytes) => {
    for (let at = 0; at < bytes.length; at += MAX_STDIN_PAYLOAD) {
      // A closing socket takes everything and sends nothing: an endless source would keep its end from being seen.
      if (this.#isStopped || !this.#isOpen) return false;
      this.#put(bytes.subarray(at, at + MAX_STDIN_PAYLOAD));
    }
    if (this.#inFlight === 0) this.#write();
    this.#isHeld = this.#inFlight + this.#waiting > STDIN_WINDOW;
    return !this.#isHeld;
  };

  #put(data: Uint8Array): void {
    const isSmall = this.#inFlight === 0 && data.length <= LARGE_BYTES;
    this.#batch ??= isSmall
      ? Buffer.allocUnsafe(MAX_HEAD_BYTES + data.length)
      : (this.#free.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES));
    this.#waiting = writeStdinFrame(data, this.#batch, this.#waiting);
    this.#sentWaiting += data.length;
    if (this.#waiting > this.#batch.length - FRAME_BYTES) this.#write();
  }

  /** Beside the sender of ws, which without an extension keeps no frame back: what both write stands in the order of the calls. */
  #write(): void {
    const batch = this.#batch;
    if (batch === undefined || !this.#isOpen) return;
    const size = this.#waiting;
    this.#inFlight += size;
    this.#sent += this.#sentWaiting;
    this.#batch = undefined;
    this.#waiting = 0;
    this.#sentWaiting = 0;
    const { _socket: socket } = this.#socket as unknown as { readonly _socket: Socket };
    socket.write(batch.subarray(0, size), () => {
      if (batch.length === BATCH_BYTES) this.#free.push(batch);
      this.#inFlight -= size;
      if (this.#inFlight === 0) this.#write();
      if (this.#isHeld && this.#inFlight + this.#waiting <= STDIN_WINDOW) this.#resume();
    });
  }

  #resume(): void {
    if (this.#isStopped) return;
    this.#isHeld = false;
    if (this.#goOn === undefined) this.#stdin.resume();
    else this.#goOn();
  }
}
