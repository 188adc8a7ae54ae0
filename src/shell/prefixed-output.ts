/** Whole lines of one of several commands, each with the name of who said it before it. */
import { Writable } from 'node:stream';

const NEWLINE = 0x0a;
/** A line without an end is passed on in pieces of so many bytes. */
const MOST_BYTES = 64 * 1024;

/** Lines of several of these never mix, as each is written whole; bytes stay as they are. */
export class PrefixedOutput extends Writable {
  readonly #to: Writable;
  readonly #prefix: Buffer;
  #rest: Buffer = Buffer.alloc(0);

  constructor(to: Writable, prefix: string) {
    super();
    this.#to = to;
    this.#prefix = Buffer.from(prefix);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(this.#prefix, bytes.subarray(from, end + 1));
      from = end + 1;
    }
    this.#rest = bytes.subarray(from);
    if (this.#rest.length > MOST_BYTES) lines.push(...this.#taken());
    this.#pass(lines, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#pass(this.#rest.length === 0 ? [] : this.#taken(), done);
  }

  #taken(): Buffer[] {
    const line = [this.#prefix, this.#rest, Buffer.from([NEWLINE])];
    this.#rest = Buffer.alloc(0);
    return line;
  }

  /** Calls back when it has been taken, so that a slow reader slows down whoever writes. */
  #pass(lines: readonly Buffer[], done: (error?: Error | null) => void): void {
    if (lines.length === 0) done();
    else this.#to.write(Buffer.concat(lines), (error) => done(error));
  }
}
