import { adviceText } from '../model/advice.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';
import { visible } from '../model/visible.ts';
import { findCommand, nameWords, parents } from './commands.ts';
import { connectionSoFar } from './connection-so-far.ts';
import { helpText, programName } from './help.ts';
import { brokenPipeExitCode, complainNow, printNow } from './output.ts';
import { parse } from './parse.ts';
import { shortened } from './shortened.ts';
import { versionText } from './version.ts';
import { plainWords, splitWords, type Words } from './words.ts';

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
      return await (await import('./shard.ts')).runShard(argv.slice(1), (error) =>
        complain(error, line, argv),
      );
    const answer = answerAtOnce(argv, line);
    if (answer !== undefined) return printNow(answer);
    process.stdout.on('error', endOnBrokenStdout);
    // Nobody is left to read it.
    process.stderr.on('error', () => undefined);
    return await (await parse(argv)).run();
  } catch (error) {
    complain(error, line, argv);
    // What is not a UserError is a failure of the tool itself; either way nothing was measured.
    return error instanceof UserError ? error.exitCode : 3;
  }
}

/** Help and version load neither the parser nor anything else, so they start fast. */
function answerAtOnce(argv: readonly string[], line: Words): string | undefined {
  const words = plainWords(line);
  const [first = ''] = words;
  const asked = (name: string) => line.parts.some((part) => part.kind === 'unknown' && part.text === name);
  if (first === 'help') return helpText(words.slice(1));
  if (first === 'options' || asked('--help') || asked('-h')) return helpText(words);
  if (argv.length === 0) return helpText([]);
  if (argv.length === 1 && parents.has(first) && findCommand(words) === undefined) return helpText(words);
  return asked('--version') ? versionText({ output: 'table' }) : undefined;
}

/** One sentence on stderr; where it happened only for who asks with -v. */
function complain(error: unknown, line: Words, argv: readonly string[]): void {
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
}

/** Where an error and its causes come from. Their other properties stay out: a program's words may be credentials. */
function traces(error: unknown): string[] {
  const found: string[] = [];
  // The bound is for causes that go round in a circle.
  for (let one = error; one instanceof Error && found.length < 5; one = one.cause)
    found.push(`${found.length === 0 ? '' : 'caused by '}${one.stack ?? one.message}`);
  return found;
}

function endOnBrokenStdout(error: NodeJS.ErrnoException): void {
  // A terminal that has been closed: SIGHUP ends the run, and what it holds is put back before.
  if (error.code === 'EIO' && process.stdout.isTTY) return;
  if (error.code === 'EPIPE') process.exit(brokenPipeExitCode);
  complainNow(`error: stdout cannot be written: ${fileReason(error)}.\n`);
  process.exit(3);
}
