import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EndMark } from '../../../src/channels/end-mark.ts';

const ID = '0123456789abcdef0123456789abcdef';
const mark = (code: number | string, id = ID): string => `\x1e${id}\x1f${code}\x1e`;

/** What an output looks like to the user when it comes in these pieces. */
function passed(end: EndMark, pieces: readonly (string | Buffer)[]): Buffer {
  const parts = pieces.map((piece) => Buffer.from(end.take('stdout', Buffer.from(piece))));
  return Buffer.concat([...parts, end.rest('stdout')]);
}

describe('EndMark', () => {
  it.each([0, 1, 7, 42, 137, 255])('reads the exit code %i and takes the mark away', (code) => {
    const end = new EndMark(ID, 1);
    expect(passed(end, [`text${mark(code)}`]).toString()).toBe('text');
    expect(end.code).toBe(code);
  });

  it('does so wherever the output is cut', () => {
    const text = `before${mark(130)}behind`;
    for (let at = 0; at <= text.length; at++) {
      for (let next = at; next <= text.length; next++) {
        const end = new EndMark(ID, 1);
        const pieces = [text.slice(0, at), text.slice(at, next), text.slice(next)];
        expect(passed(end, pieces).toString()).toBe('beforebehind');
        expect(end.code).toBe(130);
      }
    }
  });

  it('knows the end only when each of two outputs has come to it', () => {
    const end = new EndMark(ID, 2);
    end.take('stdout', Buffer.from(mark(3)));
    expect(end.code).toBeUndefined();
    end.take('stderr', Buffer.from(mark(3)));
    expect(end.code).toBe(3);
  });

  it.each([
    ['nothing', ''],
    ['text', 'text'],
    ['the beginning of a mark', mark(3).slice(0, -1)],
    ['a mark without a code', mark('')],
    ['a mark with something else', mark('1a')],
    ['a mark with too long a code', mark('1234')],
    ["another's mark", mark(0, ID.replace('0', '1'))],
    ['bytes that a mark begins with', '\x1e\x1e0\x1e01\x1e'],
  ])('leaves %s as it is, and is no end', (_what, text) => {
    for (const pieces of [[text], [...text]]) {
      const end = new EndMark(ID, 1);
      expect(passed(end, pieces).toString()).toBe(text);
      expect(end.code).toBeUndefined();
    }
  });

  it('finds the mark behind what only looks like one', () => {
    const text = `${mark('x')}\x1e${ID}\x1e`;
    for (const pieces of [[text + mark(9)], [...(text + mark(9))]]) {
      const end = new EndMark(ID, 1);
      expect(passed(end, pieces).toString()).toBe(text);
      expect(end.code).toBe(9);
    }
  });

  it('passes binary output through byte for byte', () => {
    const data = randomBytes(300_000);
    const end = new EndMark(ID, 1);
    const pieces: Buffer[] = [];
    const all = Buffer.concat([data, Buffer.from(mark(0))]);
    for (let at = 0; at < all.length; at += 777) pieces.push(all.subarray(at, at + 777));
    expect(passed(end, pieces).equals(data)).toBe(true);
    expect(end.code).toBe(0);
  });

  it('copies nothing of a piece in which no mark can begin', () => {
    const piece = Buffer.alloc(32_768, 'x');
    expect(new EndMark(ID, 1).take('stdout', piece).buffer).toBe(piece.buffer);
  });
});
