import { expect, it } from 'vitest';
import { parseLoadAverage } from '../../../src/parsers/load-average.ts';

// Linux 6.18.
it.each([
  ['8.10 7.25 6.37 5/1234 56789\n', 8.1],
  ['0.00 0.01 0.05 1/80 1\n', 0],
  ['', undefined],
  ['8.10 7.25\n', undefined],
])('%j is %s', (text, load) => {
  expect(parseLoadAverage(text)).toBe(load);
});
