import { describe, expect, it } from 'vitest';
import { enumerate } from '../../../../src/checks/dns/wording.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

describe('enumerate', () => {
  it.each([
    [0, ''],
    [1, '1'],
    [2, '1 and 2'],
    [16, '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 16'],
    [17, '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 2 more'],
    [83_313, '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 83298 more'],
  ])('%i words', (count, text) => {
    expect(enumerate(numbers(count))).toBe(text);
  });
});
