/** How many characters of one word of the user's an error repeats. */
const LONGEST_WORD = 200;
/** An error is a sentence, even where a server or a whole command line has its part in it. */
const LONGEST_SENTENCE = 4000;

/**
 * An error's sentence in which no word, and not all of it, is too long to be read.
 * @param argv what the user typed: of that, also what has blanks in it is one word
 */
export function shortened(sentence: string, argv: readonly string[]): string {
  const typed = argv
    .filter((word) => word.length > LONGEST_WORD)
    // A message may have a part alone: the value of a flag, one of several DESTs, the name behind a kind.
    .flatMap((word) => [word, word.slice(word.indexOf('=') + 1), ...word.split(/[,/]/)])
    .filter((part) => part.length > LONGEST_WORD)
    .sort((a, b) => b.length - a.length);
  const told = [...new Set(typed)].reduce(
    (text, part) => text.replaceAll(part, () => cut(part, LONGEST_WORD)),
    sentence,
  );
  return cut(
    told.replace(/\S{1000,}/g, (word) => cut(word, LONGEST_WORD)),
    LONGEST_SENTENCE,
  );
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
