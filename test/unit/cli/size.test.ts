import { describe, expect, it } from 'vitest';
import { parseSize } from '../../../src/cli/size.ts';

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['1500', 1500],
    ['10k', 10_000],
    ['10M', 10_000_000],
    ['1.5Gi', 1_610_612_736],
    ['2T', 2e12],
    ['1Ki', 1024],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'M', '-1', '10MB', '10 M', '1e6', '10m', '1.', '.5', '9'.repeat(30)])('refuses %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});
