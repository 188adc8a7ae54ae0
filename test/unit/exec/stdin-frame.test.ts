import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { MAX_HEAD_BYTES, writeStdinFrame } from '../../../src/exec/stdin-frame.ts';

/** The types leave it out. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable };
const MOST = 70_000;
const frameBuffer = (size: number): Buffer => Buffer.alloc(MAX_HEAD_BYTES + size);
/** The frame alone. */
function stdinFrame(data: Uint8Array, buffer: Buffer, at = 0): Buffer {
  return buffer.subarray(at, writeStdinFrame(data, buffer, at));
}

/** What a server of ws reads of a frame, which refuses one that is not masked. */
async function received(frame: Uint8Array): Promise<Buffer> {
  const receiver = new Receiver({ isServer: true });
  const message = once(receiver, 'message');
  receiver.write(Buffer.from(frame));
  const [data, isBinary] = (await message) as [Buffer, boolean];
  expect(isBinary).toBe(true);
  return data;
}

const numbered = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);

describe('a frame of stdin', () => {
  it.each([0, 1, 3, 4, 124, 125, 126, 32_768, 65_534, 65_535, MOST])(
    'carries %i bytes behind the byte of its channel, in the shortest length',
    async (size) => {
      const data = numbered(size);
      const frame = stdinFrame(data, frameBuffer(MOST));
      expect(await received(frame)).toEqual(Buffer.concat([Buffer.of(0), data]));
      const head = size + 1 < 126 ? 6 : size + 1 < 65_536 ? 8 : 14;
      expect(frame).toHaveLength(head + 1 + size);
    },
  );

  it.each([1, 2, 3])('is the same for a source that lies %i bytes behind a word', async (offset) => {
    const data = numbered(1003).subarray(offset);
    expect((await received(stdinFrame(data, frameBuffer(1003)))).subarray(1)).toEqual(Buffer.from(data));
  });

  it('may stand behind others, wherever they end', async () => {
    const buffer = Buffer.alloc(100_000);
    let at = 0;
    for (const size of [1, 200, 32_768, 5, 1003, 125, 126]) {
      const frame = stdinFrame(numbered(size), buffer, at);
      expect((await received(frame)).subarray(1)).toEqual(Buffer.from(numbered(size)));
      at += frame.length;
    }
    expect(buffer.subarray(at).every((byte) => byte === 0)).toBe(true);
  });

  it('leaves its source as it is, and nothing of it for the next one in the same buffer', async () => {
    const data = new Uint8Array(MOST).fill(7);
    const buffer = frameBuffer(MOST);
    stdinFrame(data, buffer);
    expect(data.every((byte) => byte === 7)).toBe(true);
    expect(await received(stdinFrame(Uint8Array.of(1), buffer))).toEqual(Buffer.of(0, 1));
  });

  it('has a key of its own each time', () => {
    const key = (): string =>
      Buffer.from(stdinFrame(numbered(10), frameBuffer(10)).subarray(2, 6)).toString('hex');
    const keys = new Set(Array.from({ length: 1000 }, key));
    expect(keys.size).toBeGreaterThan(990);
    expect(keys).not.toContain('00000000');
  });
});
