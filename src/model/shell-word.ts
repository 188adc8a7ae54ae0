/**
 * A word as a shell reads it back (POSIX, Shell Command Language, 2.2). Names of rules, chains and interfaces come from the
 * far side and may hold anything: `$(…)` in one must not run where the remedy is pasted.
 */
export function shellWord(word: string): string {
  return /^[\w%+,./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
