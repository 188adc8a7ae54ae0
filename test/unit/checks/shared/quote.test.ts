import { describe, expect, it } from 'vitest';
import { formatMs, quote, quoteCounters } from '../../../../src/checks/shared/quote.ts';
import { result } from '../latency/build.ts';

describe('quote', () => {
  it('has the last lines that match, of both outputs', () => {
    const probe = result('x', 'a 1\nb\na 2\na 3\n', { stderr: 'a 4\n' });
    expect(quote(probe, /^a/)).toEqual([{ command: ['x'], excerpt: 'a 2\na 3\na 4' }]);
    expect(quote(probe, /^a/, 1)).toEqual([{ command: ['x'], excerpt: 'a 4' }]);
  });

  it('of a result that says nothing is how it ended', () => {
    expect(quote(result('x', '', { status: 'timeout', code: 124 }), /a/)).toEqual([
      { command: ['x'], excerpt: 'timeout, exit code 124' },
    ]);
  });

  it('of nothing is nothing', () => {
    expect(quote(undefined, /a/)).toEqual([]);
  });

  it('is cut to a length that can be read', () => {
    expect(quote(result('x', 'a'.repeat(5000)), /a/)[0]?.excerpt).toHaveLength(600);
  });
});

describe('quoteCounters', () => {
  it('has each counter before and after', () => {
    expect(
      quoteCounters([result('before'), result('after')], { 'A.b': 1, 'A.c': 2 }, { 'A.b': 3, 'A.c': 2 }, [
        'A.b',
        'A.c',
      ]),
    ).toEqual([{ command: ['before'], excerpt: 'A b 1 before, 3 after\nA c 2 before, 2 after' }]);
  });

  it('of no snapshot is nothing', () => {
    expect(quoteCounters([], {}, {}, ['A.b'])).toEqual([]);
  });
});

describe('formatMs', () => {
  it.each([
    [0, '0.000 ms'],
    [0.0434, '0.043 ms'],
    [9.9994, '9.999 ms'],
    [9.9996, '10.0 ms'],
    [10, '10.0 ms'],
    [99.94, '99.9 ms'],
    [99.97, '100 ms'],
    [100, '100 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1000, '1.00 s'],
    [12_345, '12.35 s'],
  ])('%d is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});
