import { Parser } from 'yargs/helpers';
import { type Flag, takesValue } from '../model/flag.ts';
import { usageError } from '../model/usage-error.ts';
import type { Part } from './cut-words.ts';
import { suggest } from './suggest.ts';

/**
 * Reads the flags of a command line with the parser of yargs; in the binary it is a bundle of its own, since help needs none
 * of it. yargs as a whole is not asked: it looks for a package.json above the working directory, and takes three times the
 * code.
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
  refuse(parts, command, flags);
  const named = (...kinds: Flag['kind'][]) =>
    flags.flatMap(({ kind, name }) => (kinds.includes(kind) ? [name] : []));
  const { argv, error } = Parser.detailed(parts.flatMap(spell), {
    count: named('count'),
    boolean: named('switch'),
    string: named('text', 'list'),
    array: named('list'),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
    },
  });
  if (error !== null) throw error;
  return new Map(Object.entries(argv));
}

function refuse(parts: readonly Part[], command: string, flags: readonly Flag[]): void {
  for (const part of parts) {
    if (part.kind === 'word') continue;
    const spelled = part.kind === 'unknown' ? part.text : `--${part.flag.name}`;
    if (part.kind === 'unknown' || !flags.includes(part.flag)) throw noSuchFlag(spelled, command, flags);
    if (takesValue(part.flag) && part.value === undefined) throw usageError(`${spelled} needs a value`);
    // The parser loses it where it is the last word, and the command would run without what was asked for.
    if (part.flag.kind === 'list' && part.value === '') throw usageError(`${spelled} has an empty value`);
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

function noSuchFlag(spelled: string, command: string, flags: readonly Flag[]): Error {
  const [, dashes = '', name = ''] = /^(--?)([^=]*)/.exec(spelled) ?? [];
  const meant =
    dashes === '-'
      ? undefined
      : suggest(
          name,
          flags.map((flag) => flag.name),
        );
  return usageError(
    `${command} has no flag ${dashes}${dashes === '-' ? name.slice(0, 1) : name}`,
    meant && `Did you mean --${meant}?`,
  );
}
