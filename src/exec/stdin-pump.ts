/** Sends a local stream as a remote command's stdin, no faster than it is taken. */
import type { Readable } from 'node:stream';
import WebSocket from 'ws';
import { encodeStdin, encodeStdinClose, MAX_STDIN_PAYLOAD, PROTOCOL_V5, stdinBuffer } from './frames.ts';
import { freeBuffersInTime } from './free-buffers.ts';

/** Stdin bytes handed to the socket and not yet written; above it the source is not read. */
const STDIN_WINDOW = 256 * 1024;

/** One stream's way into one socket. */
export class StdinPump {
  readonly #stdin: Readable;
  readonly #socket: WebSocket;
  #sent = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;

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
    this.#wake?.();
    this.#stdin.pause();
    this.#stdin.destroy();
  }

  /** Resolves when all has been sent, or the socket takes no more. Rejects with the source's own error. */
  async run(): Promise<void> {
    let inFlight = 0;
    // A gigabyte goes through a few buffers; new ones for each chunk would wait in memory for the garbage collector.
    const free: Uint8Array[] = [];
    for await (const chunk of this.#stdin) {
      const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.length; at += MAX_STDIN_PAYLOAD) {
        const buffer = free.pop() ?? stdinBuffer();
        const frame = encodeStdin(bytes.subarray(at, at + MAX_STDIN_PAYLOAD), buffer);
        inFlight += frame.length;
        this.#sent += frame.length;
        freeBuffersInTime(this.#sent);
        this.#socket.send(frame, () => {
          free.push(buffer);
          inFlight -= frame.length;
          if (inFlight <= STDIN_WINDOW) this.#wake?.();
        });
        while (inFlight > STDIN_WINDOW && !this.#isStopped) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        // A closing socket takes everything and sends nothing: an endless source would keep its end from being seen.
        if (this.#isStopped || this.#socket.readyState !== WebSocket.OPEN) return;
      }
    }
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // v4 has no half-close, and closing the whole stream would lose the rest of the output: leave it open.
    if (this.#socket.protocol === PROTOCOL_V5) this.#socket.send(encodeStdinClose());
  }
}
