/** Where a command's output goes that is for this program and not for the user. */
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Takes everything and keeps nothing. */
export function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** Keeps the beginning of what is written to it, as text. */
export class TextOutput extends Writable {
  /** What was kept so far. */
  text = '';
  /** More came than was kept. */
  isFull = false;
  readonly #limit: number;
  readonly #onText: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');

  /**
   * @param limit so many characters are kept, and at most one chunk more
   * @param onText told all that was kept so far, after each chunk
   */
  constructor(limit: number, onText: (text: string) => void = () => undefined) {
    super();
    this.#limit = limit;
    this.#onText = onText;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.text.length < this.#limit) this.text += this.#decoder.write(chunk);
    else this.isFull = true;
    this.#onText(this.text);
    done();
  }
}
