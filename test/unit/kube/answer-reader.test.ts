import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader, BadAnswerError } from '../../../src/kube/answer-reader.ts';
import { TooLargeError } from '../../../src/kube/errors.ts';

/** Reads what comes in the pieces that the sizes say. */
function read(bytes: Buffer | string, sizes: readonly number[] = [], isUpgrade = false): AnswerReader {
  const reader = new AnswerReader(isUpgrade);
  let rest = Buffer.from(bytes as string, 'latin1');
  for (const size of sizes) {
    reader.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  if (rest.length > 0) reader.push(rest);
  return reader;
}

const ok = 'HTTP/1.1 200 OK\r\n';

describe('what node:http sends', () => {
  it('is read as it was meant, in whatever pieces it comes', async () => {
    const answer = fc.record({
      status: fc.constantFrom(200, 201, 204, 304, 403, 404, 500),
      // Several writes are chunks, one with the end has a length.
      pieces: fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), { maxLength: 5 }),
      isClosed: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(answer, async ({ status, pieces, isClosed, sizes }) => {
        const server = createServer((_request, response) => {
          response.writeHead(status, { 'X-Word': 'a, b', ...(isClosed ? { Connection: 'close' } : {}) });
          for (const piece of pieces) response.write(piece);
          response.end();
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const bytes = await new Promise<Buffer>((resolve) => {
          const got: Buffer[] = [];
          const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
          socket.on('data', (chunk) => got.push(chunk)).on('close', () => resolve(Buffer.concat(got)));
          // The second request ends the connection, so that all of the first one's answer has come.
          socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        });
        server.close();
        const reader = read(bytes, sizes);
        expect(reader.isWhole).toBe(true);
        expect(reader.status).toBe(status);
        expect(reader.headers['x-word']).toBe('a, b');
        expect(reader.body).toBe(status === 204 || status === 304 ? '' : pieces.join(''));
        if (isClosed) expect(reader.isReusable).toBe(false);
      }),
      { numRuns: 60, seed: 14 },
    );
  });
});

describe('an answer', () => {
  it.each([
    ['with a length', `${ok}Content-Length: 2\r\n\r\nhi`, 'hi', true],
    ['of no bytes', `${ok}Content-Length: 0\r\n\r\n`, '', true],
    [
      'in chunks',
      `${ok}Transfer-Encoding: chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\nTrailer: x\r\n\r\n`,
      'hi',
      true,
    ],
    [
      'after 100 and 103',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`,
      'hi',
      true,
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'hi', false],
    ['with something behind it', `${ok}Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK`, 'hi', false],
    ['with its length twice', `${ok}Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi`, 'hi', true],
  ])('%s is read, byte by byte too', (_name, text, body, isReusable) => {
    for (const reader of [read(text), read(text, Array(text.length).fill(1))]) {
      expect(reader.isWhole).toBe(true);
      expect(reader.status).toBe(200);
      expect(reader.body).toBe(body);
      expect(reader.isReusable).toBe(isReusable);
    }
  });

  it('without a length ends with the connection, which is not used again', () => {
    const reader = read(`${ok}\r\nhi`);
    expect(reader.isWhole).toBe(false);
    expect(reader.end()).toBe(true);
    expect([reader.body, reader.isReusable]).toEqual(['hi', false]);
  });

  it.each([
    `${ok}Content-Length: 3\r\n\r\nhi`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n`,
    ok,
    '',
  ])('that was cut is not whole: %j', (text) => {
    expect(read(text).end()).toBe(false);
  });

  it('to an upgrade leaves what belongs to the other protocol', () => {
    const reader = read(
      'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nContent-Length: 9\r\n\r\n\x82\x01',
      [],
      true,
    );
    expect([reader.status, reader.isWhole, reader.isReusable]).toEqual([101, true, false]);
    expect(reader.rest).toEqual(Buffer.from([0x82, 0x01]));
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['status 600', 'HTTP/1.1 600 X\r\n\r\n'],
    ['two lengths', `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!`],
    ['a negative length', `${ok}Content-Length: -1\r\n\r\n`],
    ['a length in words', `${ok}Content-Length: 0x2\r\n\r\nhi`],
    ['a length and chunks', `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another encoding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk without a size', `${ok}Transfer-Encoding: chunked\r\n\r\n\r\n`],
    ['a chunk with a sign', `${ok}Transfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n`],
    ['a huge chunk size', `${ok}Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n`],
    ['a chunk that goes on', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n`],
    ['a folded header', `${ok}X: a\r\n b\r\n\r\n`],
    ['a space before the colon', `${ok}Content-Length : 2\r\n\r\nhi`],
    ['a bare line end', `${ok}X: a\nY: b\r\n\r\n`],
    ['a bare carriage return', `${ok}X: a\rY: b\r\n\r\n`],
    ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
    ['a head without end', `${ok}${'X: a\r\n'.repeat(4000)}`],
    ['a chunk line without end', `${ok}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(2000)}`],
  ])('that has %s is refused', (_name, text) => {
    expect(() => read(text)).toThrow(BadAnswerError);
  });

  it('of more than 64 MiB is refused while it comes', () => {
    const reader = read(`${ok}\r\n`);
    const much = Buffer.alloc(32 * 1024 * 1024);
    reader.push(much);
    reader.push(much);
    expect(() => reader.push(Buffer.from('x'))).toThrow(TooLargeError);
  });

  it('of any bytes is read or refused, and nothing else', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 40 }),
      fc.constantFrom(
        ok,
        '\r\n',
        '\r\n\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        'HTTP/1.1 100 C\r\n\r\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, isUpgrade) => {
        try {
          read(parts.join(''), [7, 3, 30], isUpgrade).end();
        } catch (error) {
          expect(error).toBeInstanceOf(BadAnswerError);
        }
      }),
      { numRuns: 3000, seed: 14 },
    );
  });
});
