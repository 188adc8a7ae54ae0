import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from '../../../src/kube/errors.ts';
import { readingOf } from '../../../src/kube/reading.ts';

describe('readingOf', () => {
  it.each([
    [403, { denied: 'the words' }],
    [401, { failed: 'the words' }],
    [404, { failed: 'the words' }],
    [429, { failed: 'the words' }],
    [500, { failed: 'the words' }],
  ])('takes %i for %j', async (status, reading) => {
    const error = new ApiError(status, undefined, 'the words');
    expect(await readingOf(Promise.reject(error))).toEqual(reading);
  });

  it('gives what was read', async () => {
    expect(await readingOf(Promise.resolve(7))).toEqual({ value: 7 });
  });

  it('takes no answer for a failure', async () => {
    const read = Promise.reject(new UnreachableError('no answer within 30 s.'));
    expect(await readingOf(read)).toEqual({ failed: 'no answer within 30 s' });
  });

  it('leaves an abort and a fault of the tool what they are', async () => {
    const reason = new Error('Ctrl-C');
    const gone = Promise.reject(new UnreachableError('x'));
    await expect(readingOf(gone, AbortSignal.abort(reason))).rejects.toBe(reason);
    const fault = new TypeError('x is undefined');
    await expect(readingOf(Promise.reject(fault))).rejects.toBe(fault);
  });
});
