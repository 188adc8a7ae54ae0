/** A pipe or a socket as stdin, which can be read past its stream. */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { Readable } from 'node:stream';
import type { DirectInput, InputTaker } from '../exec/direct-input.ts';

/** As much as a pipe holds (pipe(7)). */
const READ_BYTES = 64 * 1024;

/** Reads nothing before somebody wants it: what is left of stdin is another program's. */
export class PipeInput extends Readable implements DirectInput {
  readonly #fd: number;
  #socket: Socket | undefined;
  #taker: InputTaker | undefined;

  constructor(fd: number) {
    super({ highWaterMark: READ_BYTES });
    this.#fd = fd;
  }

  lead(taker: InputTaker): () => void {
    this.#taker = taker;
    return () => this.#socket?.resume();
  }

  override _read(): void {
    this.#socket ??= this.#open();
    if (this.#taker === undefined) this.#socket.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket?.destroy();
    done(error);
  }

  #open(): Socket {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const onread = { buffer, callback: (size: number) => this.#onBytes(buffer.subarray(0, size)) };
    const options = { fd: this.#fd, readable: true, writable: false, onread };
    // The types leave out that a descriptor and `onread` go together.
    const socket = new Socket(options as SocketConstructorOpts);
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    return socket;
  }

  #onBytes(bytes: Uint8Array): boolean {
    return this.#taker === undefined ? this.push(Buffer.from(bytes)) : this.#taker(bytes);
  }
}
