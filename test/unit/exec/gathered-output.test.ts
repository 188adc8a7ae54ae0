import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { GatheredOutput } from '../../../src/exec/gathered-output.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A pipe whose ends do not block, and what is given to the stream of its writing end. */
function pipe() {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-gathered-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const reader = openSync(join(folder, 'pipe'), O_RDONLY | O_NONBLOCK);
  const writer = openSync(join(folder, 'pipe'), O_WRONLY | O_NONBLOCK);
  stops.push(() => {
    closeSync(reader);
    closeSync(writer);
    rmSync(folder, { recursive: true });
  });
  const later: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  const output = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { fd: writer });
  const gathered = new GatheredOutput(output, (bytes, done) => later.push({ bytes, done }));
  const read = (): Buffer => {
    const memory = Buffer.alloc(1 << 20);
    let size = 0;
    try {
      size = readSync(reader, memory);
    } catch (error) {
      // Empty.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return memory.subarray(0, size);
  };
  return { gathered, later, read, output };
}

/** In memory that is used again. */
const memory = Buffer.alloc(16_384);
const piece = (byte: number): Buffer => memory.fill(byte);

it('writes what comes in one turn together, at its end', async () => {
  const { gathered, later, read } = pipe();
  gathered.put(piece(1).subarray(0, 3));
  gathered.put(piece(2).subarray(0, 2));
  expect(read()).toHaveLength(0);
  await turn();
  expect([...read()]).toEqual([1, 1, 1, 2, 2]);
  expect(later).toEqual([]);
});

it('writes at once as much as a pipe holds', () => {
  const { gathered, read } = pipe();
  for (const byte of [1, 2, 3, 4]) gathered.put(piece(byte));
  const bytes = read();
  expect(bytes).toHaveLength(4 * 16_384);
  expect([0, 1, 2, 3].map((i) => bytes[i * 16_384])).toEqual([1, 2, 3, 4]);
});

it('gives the stream what a pipe does not take, in its order, and leaves it as it is until it is written', async () => {
  const { gathered, later, read } = pipe();
  for (const byte of [1, 2, 3, 4, 5, 6]) gathered.put(piece(byte));
  await turn();
  expect(read()).toHaveLength(4 * 16_384);
  expect(later.map(({ bytes }) => [bytes.length, bytes[0], bytes.at(-1)])).toEqual([[2 * 16_384, 5, 6]]);
  const [first] = later;
  gathered.put(piece(7));
  await turn();
  expect(first?.bytes[0]).toBe(5);
  first?.done();
  expect(read()[0]).toBe(7);
});

it('keeps little memory for little that a slow reader does not take', async () => {
  const { gathered, later } = pipe();
  for (const byte of [1, 2, 3, 4]) gathered.put(piece(byte));
  for (let line = 0; line < 100; line++) {
    gathered.put(Buffer.from(`line ${line}\n`));
    await turn();
  }
  expect(later.map(({ bytes }) => bytes.toString())).toEqual(
    Array.from({ length: 100 }, (_, line) => `line ${line}\n`),
  );
  const memories = new Set(later.map(({ bytes }) => bytes.buffer));
  const held = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(held).toBeLessThan(100_000);
});

it('writes nothing past what waits in the stream', async () => {
  const { gathered, later, read, output } = pipe();
  output.cork();
  output.write('first');
  gathered.put(Buffer.from('then'));
  await turn();
  expect(read()).toHaveLength(0);
  expect(later.map(({ bytes }) => bytes.toString())).toEqual(['then']);
});

it('leaves it to a stream that has ended to say so', async () => {
  const { gathered, later, read, output } = pipe();
  output.destroy();
  gathered.put(Buffer.from('lost'));
  gathered.flush();
  expect(read()).toHaveLength(0);
  expect(later.map(({ bytes }) => bytes.toString())).toEqual(['lost']);
});
