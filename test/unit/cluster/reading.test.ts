import { describe, expect, it } from 'vitest';
import { needed, readingOf, unreadReason } from '../../../src/cluster/reading.ts';
import { ApiError, UnreachableError } from '../../../src/kube/errors.ts';

const ALIVE = new AbortController().signal;

describe('readingOf', () => {
  it.each([
    [403, 'Forbidden', { denied: 'pods in shop' }],
    // A proxy on the way.
    [403, undefined, { failed: 'the words' }],
    [401, 'Unauthorized', { failed: 'the words' }],
    [404, 'NotFound', { failed: 'the words' }],
    [429, 'TooManyRequests', { failed: 'the words' }],
    [500, undefined, { failed: 'the words' }],
  ])('takes %i %s for %j', async (status, given, reading) => {
    const error = new ApiError(status, given, 'the words.');
    const read = await readingOf('pods in shop', Promise.reject(error), ALIVE);
    expect(read).toEqual({ ...reading, error });
    expect(() => needed(read)).toThrow(error);
  });

  it('gives what was read', async () => {
    const read = await readingOf('pods in shop', Promise.resolve(7), ALIVE);
    expect(read).toEqual({ value: 7 });
    expect(needed(read)).toBe(7);
  });

  it('takes no answer for a failure', async () => {
    const error = new UnreachableError('no answer within 30 s.');
    expect(await readingOf('x', Promise.reject(error), ALIVE)).toEqual({
      failed: 'no answer within 30 s',
      error,
    });
  });

  it('leaves an abort and a fault of the tool what they are', async () => {
    const reason = new Error('Ctrl-C');
    const gone = Promise.reject(new UnreachableError('x'));
    await expect(readingOf('x', gone, AbortSignal.abort(reason))).rejects.toBe(reason);
    const fault = new TypeError('x is undefined');
    await expect(readingOf('x', Promise.reject(fault), ALIVE)).rejects.toBe(fault);
  });
});

describe('unreadReason', () => {
  const error = new Error('the words.');
  it.each([
    [{ denied: 'pods in shop', error }, 'you may not read pods in shop'],
    [{ failed: 'the words', error }, 'the words'],
  ])('of %j is %s', (reading, words) => {
    expect(unreadReason(reading)).toBe(words);
  });
});
