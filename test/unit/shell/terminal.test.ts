import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { DetachFilter } from '../../../src/shell/terminal.ts';

const P = 0x10;
const Q = 0x11;

/** What comes out of these chunks, and whether the user has left; the input ends only when he has not. */
async function typed(keys: readonly number[], ...chunks: readonly (string | readonly number[])[]) {
  let detached = false;
  const filter = new DetachFilter(keys, () => {
    detached = true;
  });
  const out: Buffer[] = [];
  filter.on('data', (chunk: Buffer) => out.push(chunk));
  for (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    await new Promise((resolve) => filter.write(bytes, resolve));
  }
  if (!detached) {
    filter.end();
    await finished(filter);
  }
  return { out: [...Buffer.concat(out)], detached };
}

const bytes = (text: string) => [...Buffer.from(text)];

describe('DetachFilter', () => {
  it('passes everything on when there are no keys', async () => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    expect(await typed([], all, 'more')).toEqual({ out: [...all, ...bytes('more')], detached: false });
  });

  it('passes on what is no part of the sequence', async () => {
    expect(await typed([P, Q], 'ls -l\r', 'ünïcödé')).toEqual({
      out: bytes('ls -l\rünïcödé'),
      detached: false,
    });
  });

  it('leaves on the sequence, which is never sent', async () => {
    expect(await typed([P, Q], [P, Q])).toEqual({ out: [], detached: true });
  });

  it('leaves on a sequence that comes in pieces, with text before it', async () => {
    expect(await typed([P, Q], 'text', [P], [Q])).toEqual({ out: bytes('text'), detached: true });
  });

  it('passes on what was typed before the sequence in one go, and nothing that comes after it', async () => {
    expect(await typed([P, Q], [...bytes('text'), P, Q, ...bytes('more')], 'and more')).toEqual({
      out: bytes('text'),
      detached: true,
    });
  });

  it('leaves on a single key', async () => {
    expect(await typed([P], 'text', [P])).toEqual({ out: bytes('text'), detached: true });
  });

  it('sends a beginning after all when something else follows', async () => {
    expect(await typed([P, Q], [P, 0x61])).toEqual({ out: [P, 0x61], detached: false });
    expect(await typed([P, Q], [P], 'a')).toEqual({ out: [P, 0x61], detached: false });
  });

  it('starts anew when the beginning comes twice', async () => {
    expect(await typed([P, Q], [P, P, 0x61])).toEqual({ out: [P, P, 0x61], detached: false });
    expect(await typed([P, Q], [P], [P], [Q])).toEqual({ out: [P], detached: true });
  });

  it('finds a sequence that begins again within itself', async () => {
    const [a, b] = [0x61, 0x62];
    expect(await typed([a, a, b], 'aaab')).toEqual({ out: [a], detached: true });
    expect(await typed([a, a, b], 'a', 'a', 'a', 'a', 'b')).toEqual({ out: [a, a], detached: true });
    expect(await typed([a, b, a, P], [a, b, a, b, a, P])).toEqual({ out: [a, b], detached: true });
    expect(await typed([a, a, b], 'aaca')).toEqual({ out: bytes('aaca'), detached: false });
  });

  it('sends a beginning when the input ends in it', async () => {
    expect(await typed([P, Q], 'x', [P])).toEqual({ out: [0x78, P], detached: false });
  });

  it('holds a beginning back until it is known what follows', async () => {
    const filter = new DetachFilter([P, Q], () => undefined);
    const out: Buffer[] = [];
    filter.on('data', (chunk: Buffer) => out.push(chunk));
    await new Promise((resolve) => filter.write(Buffer.from([0x78, P]), resolve));
    expect([...Buffer.concat(out)]).toEqual([0x78]);
  });

  it('does not take the keys in another order', async () => {
    expect(await typed([P, Q], [Q, P, 0x61])).toEqual({ out: [Q, P, 0x61], detached: false });
  });
});
