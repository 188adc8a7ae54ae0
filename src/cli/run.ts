import { adviceText } from '../model/advice.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import { UserError } from '../model/errors.ts';
import { visible } from '../model/visible.ts';
import { findCommand, nameWords, parents } from './commands.ts';
import { connectionSoFar } from './connection-so-far.ts';
import { plainWords, type Words } from './cut-words.ts';
import { endWithStdout } from './end-with-stdout.ts';
import { helpText, programName } from './help.ts';
import { complainNow, printNow } from './output.ts';
import { parse, unknownCommand } from './parse.ts';
import { shortened } from './shortened.ts';
import { versionText } from './version.ts';
import { splitWords } from './words.ts';

/**
 * Does what the command line says.
 * @param argv the words after the program's name
 * @returns the exit code
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const line = splitWords(argv);
  try {
    if (argv[0] === '__complete')
      return await (await import('./complete.ts')).printCompletions(argv.slice(1));
    if (argv[0] === '__shard')
      return await (await import('./shard.ts')).runShard(argv.slice(1), (error) => {
        complain(error, argv);
      });
    const answer = answerAtOnce(argv, line);
    if (answer !== undefined) return printNow(answer);
    endWithStdout();
    return await (await parse(argv)).run();
  } catch (error) {
    return complain(error, argv);
  }
}

/** Help and version load neither the parser nor anything else, so they start fast. */
function answerAtOnce(argv: readonly string[], line: Words): string | undefined {
  const words = plainWords(line);
  const [first = ''] = words;
  const asked = (name: string) => line.parts.some((part) => part.kind === 'unknown' && part.text === name);
  if (first === 'help') return helpOf(words.slice(1));
  if (first === 'options' || asked('--help') || asked('-h')) return helpOf(words);
  if (argv.length === 0) return helpText([]);
  if (argv.length === 1 && parents.has(first) && findCommand(words) === undefined) return helpText(words);
  return asked('--version') ? versionText({ output: 'table' }) : undefined;
}

/** @throws {UserError} exit 2: there is no such command */
function helpOf(words: readonly string[]): string {
  const [first] = words;
  const isKnown = first === undefined || first === 'options' || parents.has(first);
  if (!isKnown && findCommand(words) === undefined) throw unknownCommand(words);
  return helpText(words);
}

/**
 * One sentence on stderr; where it happened only for who asks with -v.
 * @returns the exit code
 */
export function complain(error: unknown, argv: readonly string[]): number {
  const line = splitWords(argv);
  const sentence = error instanceof Error ? error.message : String(error);
  // One line, whatever was typed or a server said.
  const lines = [`error: ${shortened(sentence, argv).replaceAll('\n', '\\n')}`];
  if (error instanceof UserError) {
    if (error.hint !== undefined)
      lines.push(shortened(adviceText(error.hint, { choice: clusterChoice(connectionSoFar(line)) }), argv));
    if (error.exitCode === 2) {
      lines.push(`See '${[programName, ...nameWords(plainWords(line)), '--help'].join(' ')}'.`);
    }
  }
  if (line.parts.some((part) => part.kind === 'flag' && part.flag.kind === 'count')) {
    lines.push(...traces(error).map((trace) => shortened(trace, argv)));
  }
  // The words of a server or of a registry may be among them.
  complainNow(`${visible(lines.join('\n'))}\n`);
  // What is not a UserError is a failure of the tool itself; either way nothing was measured.
  return error instanceof UserError ? error.exitCode : 3;
}

/** Where an error and its causes come from. Their other properties stay out: a program's words may be credentials. */
function traces(error: unknown): string[] {
  const found: string[] = [];
  // The bound is for causes that go round in a circle.
  for (let one = error; one instanceof Error && found.length < 5; one = one.cause)
    found.push(`${found.length === 0 ? '' : 'caused by '}${one.stack ?? one.message}`);
  return found;
}
