import { usageError } from '../model/usage-error.ts';
import type { Command, PreparedCommand } from './command.ts';
import { commands, findCommand, nameWords, parents } from './commands.ts';
import { plainWords } from './cut-words.ts';
import { prepareCommand } from './prepare-command.ts';
import { readSettings } from './settings.ts';
import { suggest } from './suggest.ts';
import { splitWords } from './words.ts';

/**
 * Reads a command line.
 * @throws UserError with exit code 2 and one sentence when it makes no sense
 */
export async function parse(
  argv: readonly string[],
): Promise<PreparedCommand & { readonly command: Command }> {
  const { parts, rest } = splitWords(argv);
  const words = plainWords({ parts, rest });
  const command = findCommand(words);
  if (command === undefined) throw unknownCommand(words);
  const operands = words.slice(nameWords(words).length);
  return prepareCommand(command, operands, { parts, rest }, readSettings);
}

export function unknownCommand([first = '', second = '']: readonly string[]): Error {
  if (first === '') return usageError('no command given');
  if (parents.has(first)) {
    const below = commands.flatMap(({ name }) =>
      name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : [],
    );
    const what = second === '' ? `${first} needs a command` : `unknown command "${first} ${second}"`;
    return usageError(`${what}: ${first} takes ${below.slice(0, -1).join(', ')} or ${below.at(-1)}`);
  }
  const meant = suggest(first, [...parents, ...commands.map(({ name }) => name)]);
  return usageError(`unknown command "${first}"`, meant && `Did you mean "${meant}"?`);
}
