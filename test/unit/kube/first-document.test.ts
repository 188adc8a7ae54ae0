import { loadAll } from 'js-yaml';
import { describe, expect, it, vi } from 'vitest';
import { firstDocument } from '../../../src/kube/first-document.ts';

vi.mock(import('js-yaml'), async (original) => {
  const module = await original();
  return { ...module, loadAll: vi.fn(module.loadAll) as unknown as typeof module.loadAll };
});

const pem = (letter: string): string => `LS0tLS1CRUdJTi${letter.repeat(1500)}==`;
const token = `eyJhbGciOiJSUzI1NiJ9.${'aB3_-'.repeat(40)}.sig`;

/** What js-yaml was given. */
function texts(): string[] {
  return vi.mocked(loadAll).mock.calls.map(([text]) => text);
}

/** Reads a text, and says what js-yaml itself makes of it and what it was given. */
function read(text: string): { found: unknown; whole: unknown; given: string[] } {
  const whole = loadAll(text)[0];
  vi.mocked(loadAll).mockClear();
  return { found: firstDocument(text), whole, given: texts() };
}

describe('a text with long values', () => {
  it.each([
    [
      'block style',
      `clusters:\n- cluster:\n    ca: ${pem('a')}\n    key: ${pem('b')}\n  name: x\ntoken: ${token}\n`,
    ],
    ['JSON', JSON.stringify({ clusters: [{ cluster: { ca: pem('a') } }], token }, undefined, 2)],
    ['quotes of both kinds', `a: "${pem('a')}"\nb: '${token}'\n`],
    ['flow style', `users: [{name: x, user: {key: ${pem('a')}, cert: ${pem('b')}}}]\n`],
    ['a second document', `a: ${token}\n---\na: b\n`],
    ['an alias', `a: &x\n  b: ${pem('a')}\nc: *x\n`],
    ["Windows' ends of lines", `a: ${pem('a')}\r\nb: ${token}\r\n`],
  ])('is read without them: %s', (_style, text) => {
    const { found, whole, given } = read(text);
    expect(found).toEqual(whole);
    expect(given.length).toBe(1);
    expect(given[0]?.length).toBeLessThan(300);
  });

  it.each([
    ['a value that goes on in the next line', `a: ${pem('a')}\n  ${pem('b')}\n`],
    ['one with something behind it', `a: ${pem('a')},b\n`],
    ['an escape behind one', `a: "${pem('a')}\\x31-"\nb: ${token}\n`],
    ['one in a comment', `a: b # was: ${token}\n`],
    ['one in a longer text', `a: |\n  b: ${token}\n`],
    ['one that is a key', `"a: ${token}": b\n`],
    ['one in a second document', `a: b\n---\na: ${token}\n`],
    ['a text that has stand-ins itself', `a: nettools-stand-in-0-\nb: ${token}\n`],
  ])('is read as a whole where something else is meant: %s', (_case, text) => {
    const { found, whole, given } = read(text);
    expect(found).toEqual(whole);
    expect(given.at(-1)).toBe(text);
  });

  it('is told of with its own places when it is wrong', () => {
    const text = `a: "${pem('a')}" b\n`;
    const reason = (run: () => unknown): string => {
      try {
        return String(run());
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(reason(() => firstDocument(text))).toBe(reason(() => loadAll(text)[0]));
  });
});

it('a text without long values is read as it is', () => {
  expect(firstDocument('')).toBeUndefined();
  expect(firstDocument('a: [1, b]\n')).toEqual({ a: [1, 'b'] });
  expect(firstDocument(`a: ${'7'.repeat(70)}\n`)).toEqual(loadAll(`a: ${'7'.repeat(70)}\n`)[0]);
});
