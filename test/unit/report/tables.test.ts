import { describe, expect, it } from 'vitest';
import { plainTable } from '../../../src/report/tables.ts';

describe('plainTable', () => {
  it('has columns by blanks alone, and none at the end of a line', () => {
    expect(
      plainTable(
        ['NAME', 'N'],
        [
          ['a', '10'],
          ['longer name', ''],
        ],
      ),
    ).toBe('NAME          N\na             10\nlonger name');
  });

  it('aligns numbers to the right', () => {
    expect(
      plainTable(
        ['N', 'X'],
        [
          ['1', 'a'],
          ['100', 'b'],
        ],
        [0],
      ),
    ).toBe('  N   X\n  1   a\n100   b');
  });

  it('of no row is the head', () => {
    expect(plainTable(['A', 'B'], [])).toBe('A   B');
  });

  it('counts wide characters as the terminal does', () => {
    expect(
      plainTable(
        ['A', 'B'],
        [
          ['漢字', 'x'],
          ['ab', 'y'],
        ],
      ),
    ).toBe('A      B\n漢字   x\nab     y');
  });
});
