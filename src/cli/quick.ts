import type { Flag } from '../model/flag.ts';
import type { Command, PreparedCommand } from './command.ts';
import { run } from './commands/run.ts';
import { shell } from './commands/shell.ts';
import { hasConfigFile } from './config-path.ts';
import { cutWords, plainWords } from './cut-words.ts';
import { endWithStdout } from './end-with-stdout.ts';
import { globalFlags } from './flags/connection.ts';
import { prepareCommand } from './prepare-command.ts';
import { isSetting, settingsInEnv } from './settings-in-env.ts';

const COMMANDS: readonly Command[] = [run, shell];

/**
 * Reads the line of a command whose code is here, as `parse` does: in the binary this is a bundle of its own, a third of the whole
 * command line, which is loaded instead of that.
 * @returns undefined where it takes the whole command line: another command, a flag of another one, help, a configuration file
 * @throws UserError with exit code 2 and one sentence when it makes no sense
 */
export async function parseQuickly(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<PreparedCommand | undefined> {
  const command = COMMANDS.find(({ name }) => name === argv[0]);
  if (command === undefined || hasConfigFile(env)) return undefined;
  const flags: readonly Flag[] = [...command.flags, ...globalFlags];
  // A flag of another command may take the word behind it; what is known here means the same everywhere.
  const line = cutWords(argv, flags);
  if (line.parts.some(({ kind }) => kind === 'unknown')) return undefined;
  return prepareCommand(command, plainWords(line).slice(1), line, () =>
    settingsInEnv(() => command.flags.filter(isSetting), env),
  );
}

/**
 * Does what the line of such a command says.
 * @returns the exit code; undefined where it takes the whole command line
 */
export async function runQuickly(argv: readonly string[]): Promise<number | undefined> {
  try {
    const prepared = await parseQuickly(argv);
    if (prepared === undefined) return undefined;
    endWithStdout();
    return await prepared.run();
  } catch (error) {
    const { complain } = await import('./run.ts');
    return complain(error, argv);
  }
}
