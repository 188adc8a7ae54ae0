/** Commands in remedies, which people paste into their shell. Pure. */
import { type Command, nettools, TARGET } from '../../model/advice.ts';

/** The line that runs a command on the target. */
export function onTarget(...command: readonly string[]): Command {
  return nettools`run ${TARGET} -- ${command}`;
}
