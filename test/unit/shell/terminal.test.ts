import { EventEmitter } from 'node:events';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DetachFilter } from '../../../src/shell/terminal.ts';

/** What is done with the terminal, in order. */
const done: string[] = [];
vi.mock('node:tty', () => ({
  ReadStream: class extends EventEmitter {
    setRawMode(isRaw: boolean) {
      done.push(`reader ${isRaw ? 'raw' : 'cooked'}`);
    }
    resume() {
      done.push('read');
    }
    pause() {
      done.push('stop');
    }
  },
}));

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
    filter.type(bytes);
    // A stream gives out what it has a turn after somebody has asked.
    await turn();
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
    filter.type(Buffer.from([0x78, P]));
    await turn();
    expect([...Buffer.concat(out)]).toEqual([0x78]);
  });

  it('keeps what was typed, though the memory that it was read into is used again', async () => {
    const filter = new DetachFilter([], () => undefined);
    const memory = Buffer.from('typed');
    filter.type(memory);
    memory.fill(0);
    expect(String(filter.read())).toBe('typed');
  });

  it('says when it is enough, and when more is wanted', async () => {
    const filter = new DetachFilter([], () => undefined);
    let wanted = 0;
    filter.onWanted = () => {
      wanted++;
    };
    const paste = Buffer.alloc(filter.readableHighWaterMark);
    expect(filter.type(Buffer.from('x'))).toBe(true);
    expect(filter.type(paste)).toBe(false);
    expect(wanted).toBe(0);
    filter.on('data', () => undefined);
    await turn();
    expect(wanted).toBeGreaterThan(0);
    expect(filter.type(paste)).toBe(true);
  });

  it('does not take the keys in another order', async () => {
    expect(await typed([P, Q], [Q, P, 0x61])).toEqual({ out: [Q, P, 0x61], detached: false });
  });
});

describe('the terminal', () => {
  const { stdin, platform } = process;
  afterEach(() => {
    Object.defineProperty(process, 'stdin', { value: stdin });
    Object.defineProperty(process, 'platform', { value: platform });
    done.length = 0;
  });

  /** @param setRawMode what this process's stdin does */
  async function raw(system: string, setRawMode: (isRaw: boolean, input: EventEmitter) => void) {
    const input = new EventEmitter();
    Object.assign(input, { setRawMode: (isRaw: boolean) => setRawMode(isRaw, input) });
    Object.defineProperty(process, 'stdin', { value: input });
    Object.defineProperty(process, 'platform', { value: system });
    vi.resetModules();
    const { rawTerminal, DetachFilter: Filter } = await import('../../../src/shell/terminal.ts');
    return rawTerminal(new Filter([], () => undefined));
  }

  it.each([
    ['linux', ['raw', 'read'], ['stop', 'cooked']],
    // There the one that reads is raw by itself, or it reads lines.
    ['win32', ['raw', 'reader raw', 'read'], ['stop', 'reader cooked', 'cooked']],
  ])('is raw while keys are read, and whole again: %s', async (system, begun, ended) => {
    const restore = await raw(system, (isRaw) => done.push(isRaw ? 'raw' : 'cooked'));
    expect(done.splice(0)).toEqual(begun);
    restore(true);
    restore(true);
    expect(done).toEqual(ended);
  });

  it('that was closed meanwhile is left alone', async () => {
    const restore = await raw('linux', (isRaw, input) => {
      if (!isRaw) input.emit('error', new Error('setRawMode EIO'));
    });
    expect(() => restore(true)).not.toThrow();
  });
});
