import { describe, expect, it } from 'vitest';
import { shortened } from '../../../src/cli/shortened.ts';

const long = 'x'.repeat(100_000);
const told = `${'x'.repeat(200)}…`;
const blanks = 'a b '.repeat(25_000);

describe('shortened', () => {
  it.each([
    ['a short one', 'no pod "web".', ['run', 'web'], 'no pod "web".'],
    ['a word', `no pod "${long}".`, ['run', long], `no pod "${told}".`],
    ['what has blanks', `not "${blanks}"`, ['--count', blanks], `not "${blanks.slice(0, 200)}…"`],
    ["a flag's value", `not "${blanks}"`, [`--count=${blanks}`], `not "${blanks.slice(0, 200)}…"`],
    ['a name behind a kind', `no pod "${long}".`, [`pod/${long}`], `no pod "${told}".`],
    ['one of several DESTs', `"${long}" is no DEST.`, ['--to', `a,${long}`], `"${told}" is no DEST.`],
    ['what nobody typed so', `not ${long}.`, [], `not ${'x'.repeat(200)}…`],
    ['with a dollar', `not "${'$&'.repeat(200)}".`, ['$&'.repeat(200)], `not "${'$&'.repeat(100)}…".`],
  ])('%s', (_title, sentence, argv, expected) => {
    expect(shortened(sentence, argv)).toBe(expected);
  });

  it('is a sentence of thousands of words as well', () => {
    const words = Array.from({ length: 50_000 }, (_, i) => `w${i}`);
    expect(shortened(`got ${words.join(' ')}`, words)).toHaveLength(4001);
  });
});
