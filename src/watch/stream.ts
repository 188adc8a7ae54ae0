/** What a reader of the far side prints, cut into records. */
import { parseWatchLine, type WatchRecord } from '../parsers/watch-line.ts';

/** The far side's longest line has about 1 KiB, and its largest pcap file 128 KiB: what is longer is not its own. */
const MOST_LINE = 65_536;
const MOST_BYTES = 512 * 1024;
/** Each record of its ring has its length before it. */
const LENGTH_BYTES = 4;

export type Told =
  | { readonly kind: 'record'; readonly record: WatchRecord; readonly bytes?: Uint8Array }
  /** The far side's clock. */
  | { readonly kind: 'now'; readonly ms: number }
  | { readonly kind: 'lost'; readonly bytes: number }
  | { readonly kind: 'gone' };

/** Anew for each reader; the place in the ring goes on. */
export class WatchStream {
  #buffer: Buffer = Buffer.alloc(0);
  #offset: number;

  /** @param offset where the reader was told to begin */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Where the next reader has to begin: behind all that was told whole. */
  get offset(): number {
    return this.#offset;
  }

  /** @throws {Error} it is not what a far side says */
  push(chunk: Buffer): Told[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const all: Told[] = [];
    for (let one = this.#take(); one !== undefined; one = this.#take()) all.push(...one);
    return all;
  }

  /** The next line and what belongs to it; `undefined`: it has not come whole. */
  #take(): Told[] | undefined {
    const end = this.#buffer.indexOf(0x0a);
    if (end < 0) {
      if (this.#buffer.length > MOST_LINE) throw new Error('the far side sent a line without an end');
      return undefined;
    }
    const line = this.#buffer.toString('utf8', 0, end);
    if (line.startsWith('#')) {
      this.#buffer = this.#buffer.subarray(end + 1);
      return this.#control(line);
    }
    const record = parseWatchLine(line);
    const more = record?.kind === 'packets' ? record.bytes : 0;
    if (more > MOST_BYTES) throw new Error('the far side sent more packets than it keeps');
    const size = end + 1 + more;
    if (this.#buffer.length < size) return undefined;
    const bytes = this.#buffer.subarray(end + 1, size);
    this.#buffer = this.#buffer.subarray(size);
    this.#offset += LENGTH_BYTES + size;
    if (record === undefined) return [];
    return [{ kind: 'record', record, ...(more === 0 ? {} : { bytes: Uint8Array.from(bytes) }) }];
  }

  #control(line: string): Told[] {
    const [, word, number] = /^#(now|lost|gone)(?: (\d{1,15}))?$/.exec(line) ?? [];
    const value = Number(number);
    if (word === 'gone') return [{ kind: 'gone' }];
    if (number === undefined) return [];
    if (word === 'now') return [{ kind: 'now', ms: value }];
    this.#offset += value;
    return [{ kind: 'lost', bytes: value }];
  }
}
