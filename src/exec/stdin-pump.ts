/** Sends a local stream as a remote command's stdin, no faster than it is taken. */
import type { Socket } from 'node:net';
import { finished, type Readable } from 'node:stream';
import WebSocket from 'ws';
import { encodeStdinClose, MAX_STDIN_PAYLOAD, PROTOCOL_V5 } from './frames.ts';
import { freeBuffersInTime } from './free-buffers.ts';
import { frameBuffer, stdinFrame } from './stdin-frame.ts';

/** Stdin bytes handed to the socket and not yet written; above it the source is not read. */
const STDIN_WINDOW = 256 * 1024;
/** What is more is worth a buffer of the full size, which is used again. */
const LARGE_BYTES = 2048;

/** One stream's way into one socket. */
export class StdinPump {
  readonly #stdin: Readable;
  readonly #socket: WebSocket;
  /** A gigabyte goes through a few buffers; new ones for each chunk would wait in memory for the garbage collector. */
  readonly #free: Buffer[] = [];
  #sent = 0;
  #inFlight = 0;
  #isStopped = false;

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
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += MAX_STDIN_PAYLOAD) {
      // A closing socket takes everything and sends nothing: an endless source would keep its end from being seen.
      if (this.#isStopped || !this.#isOpen) {
        this.#stdin.pause();
        return;
      }
      this.#send(bytes.subarray(at, at + MAX_STDIN_PAYLOAD));
    }
    if (this.#inFlight > STDIN_WINDOW) this.#stdin.pause();
  }

  /** Beside the sender of ws, which without an extension keeps no frame back: what both write stands in the order of the calls. */
  #send(data: Uint8Array): void {
    const isLarge = data.length > LARGE_BYTES;
    const buffer = isLarge ? (this.#free.pop() ?? frameBuffer(MAX_STDIN_PAYLOAD)) : frameBuffer(data.length);
    this.#inFlight += data.length;
    this.#sent += data.length;
    freeBuffersInTime(this.#sent);
    const { _socket: socket } = this.#socket as unknown as { readonly _socket: Socket };
    socket.write(stdinFrame(data, buffer), () => {
      if (isLarge) this.#free.push(buffer);
      this.#inFlight -= data.length;
      if (this.#inFlight <= STDIN_WINDOW && !this.#isStopped) this.#stdin.resume();
    });
  }
}
