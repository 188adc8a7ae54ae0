import yargs from 'yargs';
import type { Command, PreparedCommand } from './command.ts';
import { commands, findCommand, nameWords, parents } from './commands.ts';
import type { Flag } from './flag.ts';
import { globalFlags } from './flags/connection.ts';
import { suggest } from './suggest.ts';
import { usageError, Values } from './values.ts';
import { type Part, plainWords, splitWords } from './words.ts';

/**
 * Reads a command line.
 * @throws UserError with exit code 2 and one sentence when it makes no sense
 */
export function parse(argv: readonly string[]): PreparedCommand & { readonly command: Command } {
  const line = splitWords(argv);
  const words = plainWords(line);
  const command = findCommand(words);
  if (command === undefined) throw unknownCommand(words);
  const operands = words.slice(nameWords(words).length);
  if (line.rest === undefined && command.takesRest && operands.length > 1) {
    throw usageError(`put -- before the command: ${command.name} ${command.synopsis}`);
  }
  if (line.rest !== undefined && !command.takesRest)
    throw usageError(`${command.name} takes no command after --`);
  const flags = line.parts.filter((part) => part.kind !== 'word');
  const given = readFlags(flags.flatMap(spell), command);
  return { command, ...command.prepare(new Values(given, operands, line.rest)) };
}

function readFlags(argv: readonly string[], command: Command): ReadonlyMap<string, unknown> {
  const parser = yargs([...argv])
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
      'parse-positional-numbers': false,
    });
  // By kind and not one by one: each call of yargs checks its arguments, which adds up.
  const flags = [...globalFlags, ...command.flags];
  const named = (...kinds: Flag['kind'][]) =>
    flags.flatMap(({ kind, name }) => (kinds.includes(kind) ? [name] : []));
  parser
    .count(named('count'))
    .boolean(named('switch'))
    .string(named('text', 'list'))
    .array(named('list'))
    .requiresArg(named('text', 'list'));
  try {
    return new Map(Object.entries(parser.parseSync()));
  } catch (error) {
    throw toUsageError(error, command);
  }
}

/** One part in the one spelling that yargs and kubectl read alike. */
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
function toUsageError(error: unknown, command: Command): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const missing = /^Not enough arguments following: (\S+)/.exec(message)?.[1];
  if (missing !== undefined) return usageError(`--${missing} needs a value`);
  const unknown = /^Unknown arguments?: ([^\s,]+)/.exec(message)?.[1];
  return unknown === undefined ? error : unknownFlag(unknown, command);
}

function unknownFlag(name: string, command: Command): Error {
  const meant = suggest(
    name,
    [...command.flags, ...globalFlags].map((flag) => flag.name),
  );
  return usageError(
    `${command.name} has no flag ${name.length === 1 ? '-' : '--'}${name}`,
    meant === undefined || name.length === 1 ? undefined : `Did you mean --${meant}?`,
  );
}

function unknownCommand([first = '', second = '']: readonly string[]): Error {
  if (parents.has(first)) {
    const below = commands.flatMap(({ name }) =>
      name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : [],
    );
    const what = second === '' ? `${first} needs a command` : `unknown command "${first} ${second}"`;
    return usageError(`${what}: ${first} takes ${below.join(' or ')}`);
  }
  if (first === '') return usageError('no command is given');
  const meant = suggest(first, [...parents, ...commands.map(({ name }) => name)]);
  return usageError(
    `unknown command "${first}"`,
    meant === undefined ? undefined : `Did you mean "${meant}"?`,
  );
}
