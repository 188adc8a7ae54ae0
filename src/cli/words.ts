import type { Flag } from '../model/flag.ts';
import { commands, findCommand } from './commands.ts';
import { cutWords, plainWords, type Words } from './cut-words.ts';
import { globalFlags } from './flags/connection.ts';

// A flag's name means the same in all commands that have it. A letter does too, but for a few that a command has for
// itself: tcpdump's -i, -s and -w have to work where tcpdump is meant.
const allFlags: readonly Flag[] = [...globalFlags, ...commands.flatMap(({ flags }) => flags)];

/** A command line cut into words and flags, of whatever command it is. */
export function splitWords(argv: readonly string[]): Words {
  // The command's name is its first word, whatever the letters before it mean.
  const command = findCommand(plainWords(cutWords(argv, allFlags)));
  return cutWords(argv, command === undefined ? allFlags : [...command.flags, ...allFlags]);
}
