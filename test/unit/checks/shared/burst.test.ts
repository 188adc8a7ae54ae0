import { describe, expect, it } from 'vitest';
import { isMoreThanBurst } from '../../../../src/checks/shared/burst.ts';

describe('isMoreThanBurst', () => {
  it.each([
    [0, 0, false],
    [9, 0, false],
    [10, 0, true],
    [10, 9990, true],
    [10, 9991, false],
    [100, 99_901, false],
    // A counter that began anew.
    [10, -5, true],
  ])('%i lost and %i passed', (lost, passed, expected) => {
    expect(isMoreThanBurst(lost, passed)).toBe(expected);
  });
});
