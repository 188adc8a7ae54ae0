/** Commands that people are told to run: those of remedies and hints, and those of the docs. Each is read as it would be typed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface Shown {
  readonly where: string;
  /** After `kubectl` or the program's name. */
  readonly line: string;
}

/** What stands in a template for what only a run knows. */
const BLANKS: Readonly<Record<string, string>> = {
  TARGET: 'web-0',
  POD: 'web-0',
  NODE: 'node/n1',
  to: 'svc/x:1',
};

/** A template's text from behind its first backtick, with words in place of what is filled in, and where it ends. */
function templateAt(source: string, from: number): { readonly text: string; readonly end: number } {
  let text = '';
  for (let at = from; at < source.length; at++) {
    const letter = source[at] ?? '';
    if (letter === '`') return { text, end: at };
    if (letter === '\\') {
      at += 1;
      text += source[at] === 'n' ? '\n' : (source[at] ?? '');
    } else if (letter === '$' && source[at + 1] === '{') {
      const end = expressionEnd(source, at + 2);
      text += BLANKS[source.slice(at + 2, end).trim()] ?? 'x';
      at = end;
    } else text += letter;
  }
  throw new Error('a template without an end');
}

/** Where the brace is that ends an expression of a template. */
function expressionEnd(source: string, from: number): number {
  for (let at = from, depth = 0; at < source.length; at++) {
    if (source[at] === '`') at = templateAt(source, at + 1).end;
    else if (source[at] === '{') depth += 1;
    else if (source[at] === '}' && depth-- === 0) return at;
  }
  throw new Error('an expression without an end');
}

/** The templates of some tags in a source. */
function templatesOf(file: string): readonly (Shown & { readonly tag: string })[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  // Not those that stand in comments, whose lines begin with a star or slashes.
  const tagged = /(?<![\w.]|^ *(?:\*|\/\/|\/\*\*).*)(nettools|kubectl|verbatim)`/gm;
  return [...source.matchAll(tagged)].map(({ 0: { length }, 1: tag = '', index }) => ({
    tag,
    where: `${file}:${source.slice(0, index).split('\n').length}`,
    line: templateAt(source, index + length).text,
  }));
}

const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file));
const TOLD = SOURCES.flatMap(templatesOf);

/** The words of the first command of a line, as a shell reads them. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? '';
    const end = letter === "'" || letter === '"' ? line.indexOf(letter, at + 1) : -1;
    if (end >= 0) {
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (letter === '\\') {
      at += 1;
      word = (word ?? '') + (line[at] ?? '');
    } else if (/[|<>;&]/.test(letter) || (letter === '#' && word === undefined)) {
      break;
    } else if (letter !== ' ') {
      word = (word ?? '') + letter;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** Why it is refused; `undefined`: it is a command of this tool. */
async function refusal(words: readonly string[]): Promise<string | undefined> {
  try {
    // A node's name has no capitals, and this one is to be filled in.
    await parse(words.map((word) => word.replace(/^(node\/)?NODE$/, '$1n1')));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('commands of this tool in remedies and hints', () => {
  it.each(TOLD.filter(({ tag }) => tag === 'nettools').map(({ where, line }) => [where, line]))(
    '%s: %s',
    async (_where, line) => {
      expect(await refusal(shellWords(line))).toBeUndefined();
    },
  );

  // What these are about is said in the sentence around them.
  it.each(
    TOLD.filter(({ tag, line }) => tag === 'verbatim' && /^kubectl[ -]nettools/.test(line)).map(
      ({ where, line }) => [where, line],
    ),
  )('%s: %s', async (_where, line) => {
    const words = shellWords(line.replace(/^kubectl[ -]nettools ?/, ''));
    const whole = [words, [...words, 'web-0'], [...words, 'web-0', '--to', 'svc/x:1']];
    const refusals = await Promise.all(whole.map(refusal));
    expect(refusals).toContain(undefined);
  });

  const programs = readFileSync(join(ROOT, 'image/tools.list'), 'utf8')
    .split('\n')
    .flatMap((row) => (/^[^#|]+\| slim /.test(row) ? [row.split('|')[0]?.trim() ?? ''] : []));

  it.each(
    TOLD.flatMap(({ tag, where, line }) => {
      const [, program] = tag === 'nettools' ? (/^run .*? -- (\S+)/.exec(line) ?? []) : [];
      return program === undefined || program === 'x' ? [] : [[where, program]];
    }),
  )('%s: the small image has %s', (_where, program) => {
    expect(programs).toContain(program);
  });
});

/** Of kubectl(1), those that a remedy may need. */
const VERBS = [
  'annotate',
  'delete',
  'describe',
  'edit',
  'exec',
  'expose',
  'get',
  'label',
  'logs',
  'patch',
  'rollout',
  'top',
];

it.each(TOLD.filter(({ tag }) => tag === 'kubectl').map(({ where, line }) => [where, line]))(
  '%s: kubectl %s',
  (_where, line) => {
    const words = shellWords(line).filter((word, at, all) => word !== '-n' && all[at - 1] !== '-n');
    expect(VERBS).toContain(words[0]);
  },
);

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => join('docs', file))].filter(
  (file) => file.endsWith('.md'),
);

/** The command lines of a page's console blocks, without those that a backslash continues. */
function typedIn(page: string): readonly Shown[] {
  return readFileSync(join(ROOT, page), 'utf8')
    .split('\n')
    .flatMap((text, at) => {
      const [, line] = /^\s*\$ (?:.*\| )?kubectl[ -]nettools (.*[^\\])$/.exec(text) ?? [];
      return line === undefined ? [] : [{ where: `${page}:${at + 1}`, line }];
    });
}

describe('commands of the docs', () => {
  it.each(PAGES.flatMap(typedIn).map(({ where, line }) => [where, line]))('%s: %s', async (_where, line) => {
    expect(await refusal(shellWords(line))).toBeUndefined();
  });
});
