import { describe, expect, it } from 'vitest';
import { palette, visible, wrap } from '../../../src/report/text.ts';

describe('visible', () => {
  it.each([
    ['plain text', 'plain text'],
    ['ünïcödé 漢字 🙂 → ✓', 'ünïcödé 漢字 🙂 → ✓'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    [
      '\u001b]8;;http://evil.example\u001b\\click\u001b]8;;\u001b\\',
      '\\x1b]8;;http://evil.example\\x1b\\click\\x1b]8;;\\x1b\\',
    ],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u009b31mred', '\\x9b31mred'],
    ['\u0085next\u008dup', '\\x85next\\x8dup'],
    ['over\rwritten', 'over\\x0dwritten'],
    ['back\u0008space\u007f', 'back\\x08space\\x7f'],
    ['nul\u0000', 'nul\\x00'],
    ['\u000b\u000c', '\\x0b\\x0c'],
    ['pass\u202elaf', 'pass\\u{202e}laf'],
    ['\u2066isolated\u2069', '\\u{2066}isolated\\u{2069}'],
    ['\u061c\u200e\u200f', '\\u{61c}\\u{200e}\\u{200f}'],
    ['in\u200bvisible', 'in\\u{200b}visible'],
  ])('of %j is %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('leaves nothing that a terminal would obey', () => {
    const all = Array.from({ length: 0x3000 }, (_, i) => String.fromCodePoint(i)).join('');
    expect(visible(all)).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
    );
  });
});

describe('palette', () => {
  it('paints nothing without colour', () => {
    for (const style of Object.values(palette(false))) expect(style('x')).toBe('x');
  });

  it('paints and ends every style with colour', () => {
    for (const style of Object.values(palette(true))) expect(style('x')).toMatch(/^\u001b\[\d+mx\u001b\[0m$/);
  });
});

describe('wrap', () => {
  it.each([
    ['', 10, ['']],
    ['short', 10, ['short']],
    ['one two three', 7, ['one two', 'three']],
    ['one two', 7, ['one two']],
    ['one two', 6, ['one', 'two']],
    ['averyveryverylongword and', 5, ['averyveryverylongword', 'and']],
    ['first\nsecond line', 8, ['first', 'second', 'line']],
    ['a\n\nb', 8, ['a', '', 'b']],
  ])('%j to %i columns', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  it('leaves room on the first line alone', () => {
    expect(wrap('one two three four', 9, 4)).toEqual(['one', 'two three', 'four']);
    expect(wrap('one two\nthree four', 10, 4)).toEqual(['one', 'two', 'three four']);
  });

  it('loses no word', () => {
    const text = Array.from({ length: 200 }, (_, i) => 'x'.repeat(i % 17)).join(' ');
    const words = (s: string) => s.split(/\s+/).filter((w) => w !== '');
    expect(words(wrap(text, 30).join('\n'))).toEqual(words(text));
  });
});
