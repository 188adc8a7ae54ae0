import { describe, expect, it } from 'vitest';
import { suggest } from '../../../src/cli/suggest.ts';

const names = ['latency', 'run', 'shell', 'sessions', 'preflight'];

describe('suggest', () => {
  it.each([
    ['latncy', 'latency'],
    ['laetncy', 'latency'],
    ['latenzy', 'latency'],
    ['lat', 'latency'],
    ['shel', 'shell'],
    ['session', 'sessions'],
    ['rn', 'run'],
  ])('takes %s for %s', (word, meant) => {
    expect(suggest(word, names)).toBe(meant);
  });

  it.each(['xyz', 'r', 'restart', ''])('offers nothing for %j', (word) => {
    expect(suggest(word, names)).toBeUndefined();
  });
});
