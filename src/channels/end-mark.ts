/** The word that guard.sh says on each output when the command has ended: only then is its end known. Pure. */
import type { OutputFilter } from '../exec/exec-streams.ts';

const START = 0x1e;
const MIDDLE = 0x1f;
const MOST_DIGITS = 3;

type Output = 'stdout' | 'stderr';

/** Takes the mark out of the outputs as they stream, wherever it stands in them, and reads the exit code in it. */
export class EndMark implements OutputFilter {
  readonly #mark: Buffer;
  readonly #outputs: number;
  #hasBegun = false;
  readonly #codes = new Map<Output, number>();
  /** What came last of an output, where it may be the beginning of the mark. */
  readonly #held = new Map<Output, Buffer>();

  /**
   * @param id a name that nobody can guess
   * @param outputs how many of them there are: one with a terminal, else two
   */
  constructor(id: string, outputs: 1 | 2) {
    this.#mark = Buffer.from([START, ...Buffer.from(id, 'latin1'), MIDDLE]);
    this.#outputs = outputs;
  }

  /** The command's exit code, once every output has come to its end; `undefined`: the end has not been seen. */
  get code(): number | undefined {
    return this.#codes.size === this.#outputs ? this.#codes.get('stdout') : undefined;
  }

  /** Something was printed. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  take(output: Output, data: Uint8Array): Uint8Array {
    // API server and kubelet send an empty message when they have accepted a stream, before the command runs.
    if (data.length > 0) this.#hasBegun = true;
    // What the command has left in the background may go on for a moment.
    if (this.#codes.has(output)) return data;
    const held = this.#held.get(output);
    this.#held.delete(output);
    const bytes =
      held === undefined
        ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
        : Buffer.concat([held, data]);
    for (let at = bytes.indexOf(this.#mark); at >= 0; at = bytes.indexOf(this.#mark, at + 1)) {
      const codeAt = at + this.#mark.length;
      const end = bytes.indexOf(START, codeAt);
      if (end < 0 && bytes.length - codeAt <= MOST_DIGITS) return this.#hold(output, bytes, at);
      const digits = bytes.toString('latin1', codeAt, Math.min(end, codeAt + MOST_DIGITS + 1));
      if (!/^\d{1,3}$/.test(digits)) continue;
      this.#codes.set(output, Number(digits));
      const rest = bytes.subarray(end + 1);
      return rest.length === 0 ? bytes.subarray(0, at) : Buffer.concat([bytes.subarray(0, at), rest]);
    }
    return this.#hold(output, bytes, this.#beginning(bytes));
  }

  rest(output: Output): Uint8Array {
    const held = this.#held.get(output) ?? Buffer.alloc(0);
    this.#held.delete(output);
    return held;
  }

  /** Keeps what begins at `at` for the next piece, and gives what stands before it. */
  #hold(output: Output, bytes: Buffer, at: number): Buffer {
    if (at === bytes.length) return bytes;
    // A copy: the piece is the socket's memory.
    this.#held.set(output, Buffer.from(bytes.subarray(at)));
    return bytes.subarray(0, at);
  }

  /** Where the mark may have begun whose rest is still to come; the length: nowhere. */
  #beginning(bytes: Buffer): number {
    let at = bytes.indexOf(START, Math.max(0, bytes.length - this.#mark.length + 1));
    while (at >= 0 && !bytes.subarray(at).equals(this.#mark.subarray(0, bytes.length - at))) {
      at = bytes.indexOf(START, at + 1);
    }
    return at < 0 ? bytes.length : at;
  }
}
