import { describe, expect, it } from 'vitest';
import { sparkline } from '../../../../src/checks/latency/sparkline.ts';

describe('sparkline', () => {
  it.each([
    [[], ''],
    [[0, 0], ''],
    [[1], '█'],
    [[0, 1, 2, 4, 8], ' ▁▂▄█'],
    [[1, 1000], '▁█'],
    [[5, 5], '██'],
  ])('of %j is "%s"', (counts, line) => {
    expect(sparkline(counts)).toBe(line);
  });
});
