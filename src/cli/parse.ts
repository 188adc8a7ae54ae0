import { usageError } from '../model/usage-error.ts';
import type { Command, PreparedCommand } from './command.ts';
import { commands, findCommand, nameWords, parents } from './commands.ts';
import { connectionFlags, globalFlags } from './flags/connection.ts';
import { isOutsideClusters } from './flags/target.ts';
import { readSettings } from './settings.ts';
import { suggest } from './suggest.ts';
import { Values } from './values.ts';
import { plainWords, splitWords } from './words.ts';

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
  if (rest === undefined && command.takesRest && !command.takesMore && operands.length > 1) {
    throw usageError(`put -- before the command: ${command.name} ${command.synopsis}`);
  }
  if (rest !== undefined && !command.takesRest) throw usageError(`${command.name} takes no command after --`);
  const { readFlags } = await import('./read-flags.ts');
  const flags = parts.filter(({ kind }) => kind !== 'word');
  const given = readFlags(flags, command.name, [...command.flags, ...globalFlags]);
  const values = new Values(given, operands, rest);
  if (!command.flags.some((flag) => flag.kind === 'text' && flag.setting !== undefined)) {
    return { command, ...command.prepare(values) };
  }
  const connection = isOutsideClusters(operands[0]) ? undefined : connectionFlags(values);
  const set = await readSettings(connection);
  return { command, ...command.prepare(new Values(given, operands, rest, set)) };
}

function unknownCommand([first = '', second = '']: readonly string[]): Error {
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
