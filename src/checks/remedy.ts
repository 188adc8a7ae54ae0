/** Commands in remedies, which people paste into their shell. Pure. */

/**
 * A word as a shell reads it back (POSIX, Shell Command Language, 2.2). Names of rules, chains and interfaces come from the
 * far side and may hold anything: `$(…)` in one must not run where the remedy is pasted.
 */
export function shellWord(word: string): string {
  return /^[\w%+,./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The line that runs a command on the target; TARGET is filled in when the target is known (place-words.ts). */
export function onTarget(...command: readonly string[]): string {
  return `kubectl nettools run TARGET -- ${shellLine(command)}`;
}

/** A command as a shell reads it. */
export function shellLine(command: readonly string[]): string {
  return command.map(shellWord).join(' ');
}
