import { describe, expect, it } from 'vitest';
import { OutputFrames } from '../../../src/exec/output-frames.ts';

/** A frame as a server sends it. */
function frame(message: Buffer, first = 0x82): Buffer {
  const { length } = message;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, message]);
}

const message = (channel: number, text: string): Buffer => Buffer.from([channel, ...Buffer.from(text)]);

/** What is passed on of these pieces of a connection, and what is left to ws. @param isFree asked before each frame */
function read(pieces: readonly Buffer[], isFree = () => true) {
  const outputs: { channel: string; text: string }[] = [];
  const rests: Buffer[] = [];
  const frames = new OutputFrames({
    output: (channel, part) => outputs.push({ channel, text: part.toString('latin1') }),
    rest: (bytes) => rests.push(bytes),
    isFree,
  });
  for (const piece of pieces) {
    // In memory that is used again.
    const memory = Buffer.from(piece);
    frames.push(memory);
    memory.fill(0xee);
  }
  const of = (name: string): string =>
    outputs
      .filter(({ channel }) => channel === name)
      .map(({ text }) => text)
      .join('');
  return { stdout: of('stdout'), stderr: of('stderr'), parts: outputs.length, rest: Buffer.concat(rests) };
}

describe('the output of a command', () => {
  it.each([1, 124, 125, 126, 65_534, 65_535, 70_000])('of %i bytes is passed on as it is', (size) => {
    const text = 'x'.repeat(size);
    expect(read([frame(message(1, text)), frame(message(2, 'e'))])).toMatchObject({
      stdout: text,
      stderr: 'e',
      rest: Buffer.alloc(0),
    });
  });

  it('is passed on in the pieces in which it comes, without a wait for the whole message', () => {
    const bytes = frame(message(1, 'abcdefgh'));
    const { stdout, parts } = read([bytes.subarray(0, 5), bytes.subarray(5, 8)]);
    expect([stdout, parts]).toEqual(['abcde', 2]);
  });
});

describe('what is left to ws', () => {
  const plain = frame(message(1, 'before'));
  const behind = frame(message(1, 'behind'));
  it.each([
    ['a status', frame(message(3, '{}'))],
    ['another channel', frame(message(7, 'x'))],
    ['an empty message', frame(Buffer.alloc(0))],
    ['a ping', frame(Buffer.from('p'), 0x89)],
    ['a close frame', frame(Buffer.from([3, 232]), 0x88)],
    ['a text', frame(message(1, 'x'), 0x81)],
    ['a piece of a message', frame(message(1, 'x'), 0x02)],
    ['a reserved bit', frame(message(1, 'x'), 0xc2)],
    ['a mask', Buffer.from([0x82, 0x82, 1, 2, 3, 4, 0, 0])],
    ['a length beyond what ws takes', Buffer.from([0x82, 127, 0, 0, 0, 0, 255, 0, 0, 0, 1])],
    ['a length beyond all numbers', Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ['a head that is cut', Buffer.from([0x82, 127, 0])],
    ['a head without its channel', Buffer.from([0x82, 5])],
  ])('is %s, and all behind it in the same piece, with nothing lost', (_what, bytes) => {
    const { stdout, rest } = read([Buffer.concat([plain, bytes, behind])]);
    expect(stdout).toBe('before');
    expect(rest).toEqual(Buffer.concat([bytes, behind]));
  });

  it('is all, as long as it is busy', () => {
    let isFree = false;
    const { stdout, rest } = read([plain, plain], () => isFree);
    expect([stdout, rest]).toEqual(['', Buffer.concat([plain, plain])]);
    isFree = true;
    expect(read([plain], () => isFree).stdout).toBe('before');
  });
});
