/** A sentence without its full stop, to be a part of another one: most are a server's or a program's, with or without it. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** What an error says, as a part of a sentence. */
export function errorWords(error: unknown): string {
  return withoutFullStop(error instanceof Error ? error.message : String(error));
}

/** A sentence with a … for a name, so that those about two things compare. Whole words: a pod may be called "a". */
export function withoutName(sentence: string, name: string): string {
  const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return sentence.replace(new RegExp(`(?<![\\w.-])${word}(?![\\w-])`, 'g'), '…');
}
