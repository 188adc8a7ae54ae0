/**
 * Reads one answer of HTTP/1.1 (RFC 9112) from the bytes of a connection, strictly: what could be understood in two ways is
 * refused. Pure: bytes in, bytes out.
 */
import { TooLargeError } from './errors.ts';

/** As node:http (maxHeaderSize). */
const MAX_HEAD = 16 * 1024;
/** The size of a chunk in hexadecimal digits, and what servers may put behind it (RFC 9112, 7.1.1). */
const MAX_CHUNK_LINE = 1024;
const MAX_BODY = 64 * 1024 * 1024;
const CRLF = '\r\n';

/** The answer is not one of HTTP/1.1; `message` says where, without its bytes. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError';
}

/** What comes next. */
type Part = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'until-end' | 'whole';

/** To be given all that a connection brings after one request. */
export class AnswerReader {
  /** Field names in lower case; repeated fields are joined by commas. */
  headers: Readonly<Record<string, string>> = {};
  status = 0;
  /** Bytes that came behind the answer: of a protocol that was upgraded to, or nothing that was asked for. */
  rest: Buffer = Buffer.alloc(0);
  readonly #isUpgrade: boolean;
  readonly #body: Buffer[] = [];
  #part: Part = 'head';
  #size = 0;
  /** Of the body, or of its chunk, in bytes. */
  #left = 0;
  #keepsAlive = false;

  /** @param isUpgrade whether the request asked for another protocol, so that 101 is its answer */
  constructor(isUpgrade: boolean) {
    this.#isUpgrade = isUpgrade;
  }

  get isWhole(): boolean {
    return this.#part === 'whole';
  }

  /** Whether the status and the headers are known. */
  get hasHead(): boolean {
    return this.#part !== 'head';
  }

  /** Whether another request may go over the same connection. */
  get isReusable(): boolean {
    return this.isWhole && this.#keepsAlive && this.rest.length === 0;
  }

  /** What has come of the body. */
  get body(): string {
    return Buffer.concat(this.#body).toString('utf8');
  }

  /** @throws {BadAnswerError} @throws {TooLargeError} */
  push(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (!this.isWhole && this.#step());
  }

  /** The connection has ended: true if the answer is whole by that. */
  end(): boolean {
    if (this.#part === 'until-end') this.#part = 'whole';
    return this.isWhole;
  }

  /** Reads one part; false: more has to come first. */
  #step(): boolean {
    switch (this.#part) {
      case 'head':
        return this.#head();
      case 'length':
        return this.#take('whole');
      case 'chunk':
        return this.#take('chunk-end');
      case 'chunk-end':
        return this.#line(0) === undefined ? false : this.#goOn('chunk-size');
      case 'chunk-size':
        return this.#chunkSize();
      case 'trailer': {
        const line = this.#line(MAX_HEAD);
        return line === undefined ? false : this.#goOn(line === '' ? 'whole' : 'trailer');
      }
      default:
        this.#left = this.rest.length;
        return this.#take('until-end') && false;
    }
  }

  #goOn(part: Part): true {
    this.#part = part;
    return true;
  }

  /** Takes of the body what has come of it; then `next`. */
  #take(next: Part): boolean {
    const part = this.rest.subarray(0, this.#left);
    this.rest = this.rest.subarray(part.length);
    this.#left -= part.length;
    this.#size += part.length;
    if (this.#size > MAX_BODY) throw new TooLargeError('the API server sent more than 64 MiB.');
    if (part.length > 0) this.#body.push(part);
    return this.#left === 0 && this.#goOn(next);
  }

  /** The next line without its end; `undefined`: it has not come. @param most bytes that it may have */
  #line(most: number): string | undefined {
    const end = this.rest.indexOf(CRLF);
    if (end > most || (end < 0 && this.rest.length > most + 1))
      throw new BadAnswerError('a line is too long');
    if (end < 0) return undefined;
    const line = this.rest.toString('latin1', 0, end);
    this.rest = this.rest.subarray(end + CRLF.length);
    return line;
  }

  #chunkSize(): boolean {
    const line = this.#line(MAX_CHUNK_LINE);
    if (line === undefined) return false;
    const [, digits = ''] = /^([\da-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/i.exec(line) ?? [];
    if (digits === '') throw new BadAnswerError('the size of a chunk is none');
    this.#left = Number.parseInt(digits, 16);
    return this.#goOn(this.#left === 0 ? 'trailer' : 'chunk');
  }

  #head(): boolean {
    const end = this.rest.indexOf(CRLF + CRLF);
    if (end > MAX_HEAD || (end < 0 && this.rest.length > MAX_HEAD))
      throw new BadAnswerError('its head is too long');
    if (end < 0) return false;
    const [first = '', ...lines] = this.rest.toString('latin1', 0, end).split(CRLF);
    this.rest = this.rest.subarray(end + 2 * CRLF.length);
    const [, minor, code] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/.exec(first) ?? [];
    if (minor === undefined) throw new BadAnswerError('it does not begin as HTTP/1.1 does');
    const headers = fields(lines);
    const status = Number(code);
    const isOther = status === 101 && this.#isUpgrade;
    // 100 and 103 come before the answer itself.
    if (status < 200 && !isOther) {
      if (status === 101) throw new BadAnswerError('nobody asked for another protocol');
      return true;
    }
    this.headers = headers;
    this.status = status;
    this.#keepsAlive = minor === '1' && !isOther && !tokens(headers['connection']).includes('close');
    return this.#goOn(isOther || status === 204 || status === 304 ? 'whole' : this.#framing());
  }

  #framing(): Part {
    const { 'transfer-encoding': encoding, 'content-length': length } = this.headers;
    if (encoding !== undefined) {
      // With both, two readers may disagree on where the answer ends (RFC 9112, 6.3).
      if (length !== undefined || encoding.toLowerCase() !== 'chunked')
        throw new BadAnswerError('it is not clear where it ends');
      return 'chunk-size';
    }
    if (length === undefined) {
      this.#keepsAlive = false;
      return 'until-end';
    }
    if (!/^\d{1,15}$/.test(length)) throw new BadAnswerError('its length is none');
    this.#left = Number(length);
    return this.#left === 0 ? 'whole' : 'length';
  }
}

function fields(lines: readonly string[]): Record<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) throw new BadAnswerError('a header is none');
    const key = name.toLowerCase();
    const before = found.get(key);
    // A length that is told twice is none, unless both say the same.
    if (before === undefined || (key === 'content-length' && before === value)) found.set(key, value);
    else found.set(key, `${before}, ${value}`);
  }
  return Object.fromEntries(found);
}

function tokens(value = ''): string[] {
  return value.split(',').map((token) => token.trim().toLowerCase());
}
