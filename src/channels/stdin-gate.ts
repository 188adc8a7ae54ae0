/** A command's stdin on its way to a far side that has to be told before more of it comes than its pipes hold. */
import { type Readable, Transform, type TransformCallback } from 'node:stream';

/**
 * So much is taken by the pipe between the runtime and a command that reads nothing (pipe(7): 64 KiB), and is on its way
 * in one piece, so that a command that ends at once finds it taken or never sent.
 */
const FREE_BYTES = 16_384;

/** Passes a stream on; what is more than a little waits until the far side knows that it comes. */
export class StdinGate extends Transform {
  readonly #source: Readable;
  readonly #announce: () => Promise<void>;
  #isPiped = false;
  #isStopped = false;
  #passed = 0;
  #isAnnounced = false;

  /** @param announce called once, and only when more comes; never rejects */
  constructor(source: Readable, announce: () => Promise<void>) {
    super();
    this.#source = source;
    this.#announce = announce;
  }

  /** Nothing is taken before somebody reads: a command that is refused may be tried again with the same source. */
  override _read(size: number): void {
    if (!this.#isPiped) {
      this.#isPiped = true;
      this.#source.on('error', (error) => this.destroy(error));
      this.#source.pipe(this);
    }
    super._read(size);
  }

  /** Ends the stream as if its source had ended; what waits is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#release();
    this.end();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#passed += chunk.length;
    if (this.#isStopped) done();
    else if (this.#isAnnounced || this.#passed <= FREE_BYTES) done(null, chunk);
    else {
      void this.#announce().then(() => {
        this.#isAnnounced = true;
        if (this.#isStopped) done();
        else done(null, chunk);
      });
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release();
    done(error);
  }

  /** A read that waits must not keep the process alive or eat the terminal's next line. */
  #release(): void {
    this.#source.unpipe(this);
    this.#source.pause();
    this.#source.destroy();
  }
}
