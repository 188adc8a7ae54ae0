import yargs from 'yargs';
import type { Flag } from '../model/flag.ts';
import { usageError } from '../model/usage-error.ts';
import { suggest } from './suggest.ts';
import type { Part } from './words.ts';

/**
 * Reads the flags of a command line with yargs; in the binary it is a bundle of its own, since help needs none of it.
 * @param command the command's name, for messages
 * @param flags those that the command takes
 * @returns what was given, by the flag's name
 * @throws UserError with exit code 2 for a flag that is not known or lacks its value
 */
export function readFlags(
  parts: readonly Part[],
  command: string,
  flags: readonly Flag[],
): ReadonlyMap<string, unknown> {
  const named = (...kinds: Flag['kind'][]) =>
    flags.flatMap(({ kind, name }) => (kinds.includes(kind) ? [name] : []));
  const parser = yargs(parts.flatMap(spell))
    // Looking for a locale would read files.
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .strict()
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
    })
    // By kind and not one by one: each call of yargs checks its arguments, which adds up.
    .count(named('count'))
    .boolean(named('switch'))
    .string(named('text', 'list'))
    .array(named('list'))
    .requiresArg(named('text', 'list'));
  try {
    return new Map(Object.entries(parser.parseSync()));
  } catch (error) {
    throw toUsageError(error, command, flags);
  }
}

/** One flag in the one spelling that yargs and kubectl read alike. */
function spell(part: Part): string[] {
  if (part.kind !== 'flag') return [part.text];
  const { flag, value } = part;
  if (flag.kind === 'switch') return [`--${flag.name}=${truth(flag, value)}`];
  if (flag.kind === 'count') return Array.from({ length: level(flag, value) }, () => `--${flag.name}`);
  return [value === undefined ? `--${flag.name}` : `--${flag.name}=${value}`];
}

function level(flag: Flag, value = '1'): number {
  // As with kubectl's -v, more than 10 says nothing more.
  if (/^\d{1,2}$/.test(value)) return Math.min(Number(value), 10);
  throw usageError(`-${flag.name} must be a level such as 2, not "${value}"`);
}

/** What Go's strconv.ParseBool accepts. */
function truth(flag: Flag, value = 'true'): boolean {
  if (/^(?:1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw usageError(`--${flag.name} must be true or false, not "${value}"`);
}

/** yargs tells what is wrong in English sentences of its own; these are the ones that the set-up above can cause. */
function toUsageError(error: unknown, command: string, flags: readonly Flag[]): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const missing = /^Not enough arguments following: (\S+)/.exec(message)?.[1];
  if (missing !== undefined) return usageError(`--${missing} needs a value`);
  const unknown = /^Unknown arguments?: ([^\s,]+)/.exec(message)?.[1];
  if (unknown === undefined) return error;
  const dashes = unknown.length === 1 ? '-' : '--';
  const meant =
    unknown.length === 1
      ? undefined
      : suggest(
          unknown,
          flags.map((flag) => flag.name),
        );
  return usageError(`${command} has no flag ${dashes}${unknown}`, meant && `Did you mean --${meant}?`);
}
