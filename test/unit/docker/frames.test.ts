import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../src/docker/frames.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** What each stream got, from chunks of this size. */
function decode(bytes: Buffer, chunkSize: number): { stdout: string; stderr: string } {
  const decoder = new FrameDecoder();
  const all = { stdout: '', stderr: '' };
  for (let at = 0; at < bytes.length; at += chunkSize) {
    for (const { stream, data } of decoder.decode(bytes.subarray(at, at + chunkSize)))
      all[stream] += data.toString();
  }
  return all;
}

describe('FrameDecoder', () => {
  const bytes = Buffer.concat([
    frame(1, 'out '),
    frame(2, 'err'),
    frame(1, ''),
    frame(1, 'x'.repeat(1000)),
    frame(3, ' daemon'),
  ]);
  const whole = { stdout: `out ${'x'.repeat(1000)}`, stderr: 'err daemon' };

  it.each([1, 2, 7, 8, 9, 100, bytes.length])('joins what came in chunks of %i bytes', (size) => {
    expect(decode(bytes, size)).toEqual(whole);
  });

  it('passes a frame on before it is whole', () => {
    const pieces = new FrameDecoder().decode(frame(1, 'a long frame').subarray(0, 12));
    expect(pieces.map(({ data }) => data.toString())).toEqual(['a lo']);
  });
});
