/** Commands as one line, which a shell reads back as the words that ran, and the way back. Pure. */
import { shellWord } from './shell-word.ts';

/** Where it ran, before its words: `[node/node1]`. */
const PLACE = /^\[.*\]$/;
/** A path that the shell is to expand; of a URL it is not. */
const PATTERN = /^\/[\w./-]*\*[\w./*-]*$/;

/** The words of a command, to be read and pasted. */
export function commandLine(words: readonly string[]): string {
  return words
    .map((word, at) => ((at === 0 && PLACE.test(word)) || PATTERN.test(word) ? word : shellWord(word)))
    .join(' ');
}

/** The words of a line, as a shell reads them; it holds quotes, and nothing that is expanded. */
export function lineWords(line: string): string[] {
  const words = line.match(/(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*")+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, single, double, letter) => single ?? double ?? letter),
  );
}
