import { describe, expect, it } from 'vitest';
import { mask, unmask } from '../../../src/exec/mask.ts';

const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** As RFC 6455, 5.3 says it. */
function plainly(source: Uint8Array): Uint8Array {
  return source.map((byte, i) => byte ^ (KEY[i % 4] ?? 0));
}

describe('mask', () => {
  it('masks the example of RFC 6455, 5.7', () => {
    const output = new Uint8Array(5);
    mask(new TextEncoder().encode('Hello'), KEY, output, 0, 5);
    expect([...output]).toEqual([0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  });

  it('gives the same wherever the bytes lie in memory, and leaves what is around them', () => {
    for (const length of [0, 1, 3, 4, 5, 48, 49, 50, 51, 1001])
      for (const from of [0, 1, 2, 3])
        for (const to of [0, 1, 2, 3])
          for (const offset of [0, 6, 8, 14]) {
            const source = new Uint8Array(new ArrayBuffer(length + from), from, length);
            source.forEach((_, i) => {
              source[i] = (i * 7 + 3) & 0xff;
            });
            const whole = new Uint8Array(to + offset + length + 5).fill(0xaa);
            const output = whole.subarray(to);
            mask(source, KEY, output, offset, length);
            expect(output.subarray(offset, offset + length)).toEqual(plainly(source));
            expect([...whole.subarray(0, to + offset), ...whole.subarray(to + offset + length)]).toEqual(
              Array(to + offset + 5).fill(0xaa),
            );
          }
  });
});

describe('unmask', () => {
  it.each([0, 1, 2, 3])('takes a mask away, %i bytes from a word', (at) => {
    const text = new TextEncoder().encode('what was said before it was masked');
    const buffer = new Uint8Array(new ArrayBuffer(text.length + at), at);
    buffer.set(plainly(text));
    unmask(buffer, KEY);
    expect(buffer).toEqual(text);
  });
});
