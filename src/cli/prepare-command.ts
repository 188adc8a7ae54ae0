import type { ConnectionFlags } from '../model/args.ts';
import { usageError } from '../model/usage-error.ts';
import type { Command, PreparedCommand } from './command.ts';
import type { Words } from './cut-words.ts';
import { connectionFlags, globalFlags } from './flags/connection.ts';
import { isOutsideClusters } from './flags/target.ts';
import { type SetValue, Values } from './values.ts';

/** What flags that are not given are set to, by their names; asked for only where the command has such flags. */
export type ReadSettings = (
  connection: ConnectionFlags | undefined,
) => ReadonlyMap<string, SetValue> | Promise<ReadonlyMap<string, SetValue>>;

/**
 * What a line says to a command.
 * @param operands its words behind the command's name
 * @throws UserError with exit code 2 and one sentence when it makes no sense
 */
export async function prepareCommand(
  command: Command,
  operands: readonly string[],
  { parts, rest }: Words,
  readSettings: ReadSettings,
): Promise<PreparedCommand & { readonly command: Command }> {
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
