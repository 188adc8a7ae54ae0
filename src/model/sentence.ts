/** A sentence without its full stop, to be a part of another one: most are a server's or a program's, with or without it. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** What an error says, as a part of a sentence. */
export function errorWords(error: unknown): string {
  return withoutFullStop(error instanceof Error ? error.message : String(error));
}
