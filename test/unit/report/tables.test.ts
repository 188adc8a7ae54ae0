import { describe, expect, it } from 'vitest';
import { plainTable, tableText } from '../../../src/report/tables.ts';
import { palette } from '../../../src/report/text.ts';

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

describe('tableText', () => {
  const columns = [
    { head: 'NAME', align: 'left' },
    { head: 'N', align: 'right' },
  ] as const;

  it('sets a column as the table says, and paints the head alone', () => {
    const rows = [
      ['a', '1'],
      ['b', '100'],
    ];
    expect(tableText({ columns, rows }, palette(false))).toBe('NAME     N\na        1\nb      100');
    expect(tableText({ columns, rows }, palette(true))).toBe(
      '\u001b[1mNAME     N\u001b[0m\na        1\nb      100',
    );
  });

  it.each([
    ['\u001b[2J', '\\x1b[2J'],
    ['\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['\r', '\\x0d'],
    ['\u202e', '\\u{202e}'],
    ['\u2066', '\\u{2066}'],
    ['\u2028', '\\u{2028}'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('escapes %j in every head and every cell, and counts it as it is shown', (evil, shown) => {
    const table = {
      columns: [
        { head: `H${evil}`, align: 'left' },
        { head: `I${evil}`, align: 'right' },
      ],
      rows: [
        [`a${evil}`, `b${evil}`],
        [`c${evil}`, 'd'],
      ],
    } as const;
    const pad = ' '.repeat(shown.length);
    expect(tableText(table, palette(false))).toBe(
      `H${shown}   I${shown}\na${shown}   b${shown}\nc${shown}   ${pad}d`,
    );
  });
});
