import type { Completion, CompletionArgs, CompletionKind } from '../model/args.ts';
import { type Flag, takesValue } from '../model/flag.ts';
import { commands, findCommand, nameWords } from './commands.ts';
import { connectionSoFar } from './connection-so-far.ts';
import { plainWords, type Words } from './cut-words.ts';
import { commonFlags, globalFlags } from './flags/connection.ts';
import { printNow } from './output.ts';
import { splitWords } from './words.ts';

// What kubectl's completion script understands (cobra's protocol): a line for each choice, its description after a
// tab, and at the end a line with a sum of directives.
const noSpace = 2;
const noFiles = 4;
const letShellCompleteFiles = 0;

/** What the word at the end of a command line may become. */
export type Request =
  | { readonly kind: 'choices'; readonly choices: readonly Completion[] }
  | { readonly kind: 'files' }
  /** Names that the kubeconfig or the cluster knows; `before` is the part of the word in front of the name. */
  | { readonly kind: 'names'; readonly before: string; readonly lookup: CompletionArgs };

/**
 * Prints what the last word may become.
 * @param argv the words after the program's name, the unfinished one last
 * @returns the exit code
 */
export async function printCompletions(argv: readonly string[]): Promise<number> {
  const request = completionRequest(argv);
  if (request.kind === 'files') return printNow(`:${letShellCompleteFiles}\n`);
  const choices = request.kind === 'choices' ? request.choices : await lookUp(request);
  const lines = choices.map(({ value, description }) => [value, description].filter(Boolean).join('\t'));
  // After "svc/" and "netns:" the name comes, so the shell must not end the word with a space.
  const unfinished = choices.length > 0 && choices.every(({ value }) => /[/:]$/.test(value));
  return printNow([...lines, `:${noFiles + (unfinished ? noSpace : 0)}`, ''].join('\n'));
}

async function lookUp({ before, lookup }: Extract<Request, { kind: 'names' }>): Promise<Completion[]> {
  try {
    const { candidates } = await import('../commands/complete.ts');
    const found = await candidates(lookup);
    return found.map((one) => ({ ...one, value: before + one.value }));
  } catch {
    // No cluster, no rights: there is nothing to offer, and a message would land in the middle of the prompt.
    return [];
  }
}

export function completionRequest(argv: readonly string[]): Request {
  const word = argv.at(-1) ?? '';
  const line = splitWords(argv.slice(0, -1));
  if (line.rest !== undefined) return { kind: 'files' };
  const words = plainWords(line);
  const command = findCommand(words);
  // A flag means the same in all commands, but not every one takes all its values.
  const own = (flag: Flag): Flag => command?.flags.find(({ name }) => name === flag.name) ?? flag;
  const last = line.parts.at(-1);
  if (last?.kind === 'flag' && last.value === undefined && takesValue(last.flag)) {
    return flagValue(own(last.flag), word, line);
  }
  const flags = command === undefined ? globalFlags : [...command.flags, ...globalFlags];
  if (word.startsWith('-')) {
    const [given] = word.includes('=') ? splitWords([word]).parts : [];
    if (given?.kind === 'flag' && given.value !== undefined) {
      return flagValue(own(given.flag), given.value, line);
    }
    return flagNames(word, command === undefined ? commonFlags : flags);
  }
  if (command === undefined) return commandNames(word, words);
  const operands = words.length - nameWords(words).length;
  if (command.takesNamespace && operands === 1) return names('netns', word, '', line);
  if (operands > 0 && command.takesTargets !== true) return { kind: 'choices', choices: [] };
  if (command.completesWord === 'file') return { kind: 'files' };
  if (command.completesWord !== undefined) return names(command.completesWord, word, '', line);
  if (command.takesTarget) return names('target', word, '', line);
  // `completion` does something itself, and `completion install` something else.
  return commandNames(word, words);
}

function commandNames(word: string, words: readonly string[]): Request {
  const before = words.length === 0 ? '' : `${words.join(' ')} `;
  const choices = new Map<string, Completion>();
  for (const { name, summary } of commands) {
    if (!name.startsWith(before + word)) continue;
    const [value = '', ...more] = name.slice(before.length).split(' ');
    choices.set(value, more.length === 0 ? { value, description: summary } : { value });
  }
  return { kind: 'choices', choices: [...choices.values()] };
}

function flagNames(word: string, flags: readonly Flag[]): Request {
  const choices = flags
    .map(
      (flag): Completion => ({
        value: flag.name === flag.short ? `-${flag.name}` : `--${flag.name}`,
        description: flag.describe,
      }),
    )
    .filter(({ value }) => value.startsWith(word));
  return { kind: 'choices', choices };
}

/** The shell puts back what stands before the value in the same word (`--output=`). */
function flagValue(flag: Flag, value: string, line: Words): Request {
  if (!takesValue(flag)) return { kind: 'choices', choices: [] };
  if (flag.completes === 'file') return { kind: 'files' };
  if (flag.completes !== undefined) {
    // Of several values with commas between them only the last one is unfinished.
    const done = flag.kind === 'list' && flag.splits ? value.slice(0, value.lastIndexOf(',') + 1) : '';
    return names(flag.completes, value.slice(done.length), done, line);
  }
  const choices = (flag.choices ?? []).filter((one) => one.startsWith(value));
  return { kind: 'choices', choices: choices.map((one) => ({ value: one })) };
}

function names(kind: CompletionKind, prefix: string, before: string, line: Words): Request {
  const words = plainWords(line);
  const [target] = words.slice(nameWords(words).length);
  const lookup = { kind, prefix, connection: connectionSoFar(line) };
  return { kind: 'names', before, lookup: target === undefined ? lookup : { ...lookup, target } };
}
