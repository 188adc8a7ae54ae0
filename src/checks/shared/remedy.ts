/** Commands in remedies, which people paste into their shell. Pure. */
import { shellWord } from '../../model/shell-word.ts';

export { shellWord } from '../../model/shell-word.ts';

/** The line that runs a command on the target; TARGET is filled in when the target is known (in-place.ts). */
export function onTarget(...command: readonly string[]): string {
  return `kubectl nettools run TARGET -- ${shellLine(command)}`;
}

/** A command as a shell reads it. */
export function shellLine(command: readonly string[]): string {
  return command.map(shellWord).join(' ');
}
