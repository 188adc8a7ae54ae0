import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/targets/quantity.ts';

describe('a quantity of bytes', () => {
  it.each([
    ['96Mi', 96 * 1024 ** 2],
    ['1.5G', 1_500_000_000],
    ['0.5Gi', 512 * 1024 ** 2],
    ['.5Ki', 512],
    ['128974848', 128_974_848],
    ['1e9', 1_000_000_000],
    ['1E3', 1000],
    ['2E', 2e18],
    ['100k', 100_000],
    ['1001m', 2],
    ['0', 0],
    ['', undefined],
    ['Mi', undefined],
    ['5 Mi', undefined],
    ['5MiB', undefined],
    [undefined, undefined],
  ])('%j', (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes);
  });
});
