import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ReplayableInput } from '../../../src/targets/replayable-input.ts';

const text = async (stream: Readable): Promise<string> => (await buffer(stream)).toString();

/** Reads what a try takes before it ends, and ends it. */
async function firstChunk(stream: Readable): Promise<string> {
  for await (const chunk of stream) return String(chunk);
  return '';
}

test('the next try gets what the one before has taken, and then the rest', async () => {
  const source = new PassThrough();
  const input = new ReplayableInput(source);
  source.write('one ');
  expect(await firstChunk(input.stream())).toBe('one ');
  source.end('two');
  expect(await text(input.stream())).toBe('one two');
});

test('an end that one try has seen is the end for the next', async () => {
  const source = new PassThrough();
  source.end('in\n');
  const input = new ReplayableInput(source);
  expect(await text(input.stream())).toBe('in\n');
  expect(input.isWhole).toBe(true);
  expect(await text(input.stream())).toBe('in\n');
});

test('what comes while no try reads is lost to none', async () => {
  const source = new PassThrough();
  const input = new ReplayableInput(source);
  const idle = input.stream();
  idle.resume();
  await new Promise(setImmediate);
  idle.destroy();
  source.end('typed meanwhile');
  expect(await text(input.stream())).toBe('typed meanwhile');
});

test('more than a megabyte is not kept', async () => {
  const mebibyte = Buffer.alloc(1 << 20, 1);
  const source = new PassThrough();
  source.end(mebibyte);
  const within = new ReplayableInput(source);
  await text(within.stream());
  expect(within.isWhole).toBe(true);

  const longer = new PassThrough();
  longer.write(mebibyte);
  longer.end('x');
  const beyond = new ReplayableInput(longer);
  expect(await buffer(beyond.stream())).toHaveLength((1 << 20) + 1);
  expect(beyond.isWhole).toBe(false);
});

test('the source is let go at the end', () => {
  const source = new PassThrough();
  new ReplayableInput(source).end();
  expect(source.destroyed).toBe(true);
});
