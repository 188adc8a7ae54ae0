import type { Command } from './command.ts';
import { commandGroups, commands, parents } from './commands.ts';
import { type Flag, takesValue } from './flag.ts';
import { commonFlags, globalFlags } from './flags/connection.ts';

/** How the tool is called in all that it prints: kubectl users call it through kubectl. */
export const programName = 'kubectl nettools';

const globalsHint = `Use "${programName} options" for kubectl's connection flags (they apply to all commands).\n`;

/**
 * The help of one command (`latency`, `sessions ls`), of a word that has commands below it (`sessions`), of `options`,
 * or of the whole tool for anything else.
 */
export function helpText(words: readonly string[]): string {
  const [first = '', second = ''] = words;
  if (first === 'options') return `Flags that every command takes:\n${flagTable(globalFlags)}`;
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command !== undefined) return commandHelp(command);
  return parents.has(first) ? parentHelp(first) : rootHelp();
}

function rootHelp(): string {
  const groups = commandGroups.map(({ title, commands }) => `${title}:\n${summaries(commands)}`);
  return `Network troubleshooting for pods: from a symptom to its cause, with no pod restarted.

TARGET is POD, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, job/NAME or svc/NAME (a ready pod of it), or -l SELECTOR.

${groups.join('\n')}
Usage:
  ${programName} COMMAND [flags]

Use "${programName} COMMAND --help" for more about a command.
${globalsHint}`;
}

function parentHelp(parent: string): string {
  const below = commands.filter(({ name }) => name.startsWith(`${parent} `));
  return `Commands:
${summaries(below)}
Usage:
  ${programName} ${parent} COMMAND [flags]

Use "${programName} ${parent} COMMAND --help" for more about a command.
`;
}

function commandHelp({ name, summary, details, synopsis, examples, flags }: Command): string {
  const shown = examples.map(({ comment, line }) => `  # ${comment}\n  ${programName} ${line}\n`);
  return `${summary}.
${details === undefined ? '' : `${details}\n`}
Examples:
${shown.join('\n')}
Flags:
${flagTable([...flags, ...commonFlags])}
Usage:
  ${[programName, name, synopsis, '[flags]'].filter((part) => part !== '').join(' ')}

${globalsHint}`;
}

function summaries(list: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return list.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}\n`).join('');
}

function flagTable(flags: readonly Flag[]): string {
  const rows = flags.map((flag): [string, string] => [usageOf(flag), `${flag.describe}${defaultOf(flag)}`]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}\n`).join('');
}

function usageOf(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  // A name of one letter, as kubectl's --v, is shown as the letter that everybody types.
  if (flag.name === flag.short) return `-${flag.short}`;
  return `${short}--${flag.name}${takesValue(flag) ? ` ${flag.value}` : ''}`;
}

function defaultOf(flag: Flag): string {
  if (flag.kind !== 'text' && flag.kind !== 'switch') return '';
  return flag.default === undefined ? '' : ` (default ${flag.default})`;
}
