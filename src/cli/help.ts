import { type Flag, takesValue } from '../model/flag.ts';
import type { Command } from './command.ts';
import { jobFlags } from './commands/in-cluster.ts';
import { commandGroups, commands, findCommand, parents } from './commands.ts';
import { commonFlags, globalFlags } from './flags/connection.ts';

/** Terminals are wider than 80 columns today, but seldom much wider. */
const lineWidth = 100;

/** How the tool is called in all that it prints: kubectl users call it through kubectl. */
export const programName = 'kubectl nettools';

const targets =
  'TARGET is POD, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME or svc/NAME (a ready pod of it), -l SELECTOR, node/NAME, docker://CONTAINER, netns:NAME, pid:NUMBER, or local (this machine). Checks and run take several; --all means all pods of each, --all-nodes every node.';

const inCluster = 'in-cluster';

const globalsHint = `Use "${programName} options" for kubectl's connection flags (they apply to all commands).\n`;

/**
 * The help of one command (`latency`, `sessions ls`), of a word that has commands below it (`sessions`), of `options`,
 * or of the whole tool for anything else.
 */
export function helpText(words: readonly string[]): string {
  const [first = '', second = ''] = words;
  if (first === 'options') return `Flags that every command takes:\n${flagTable(globalFlags)}`;
  const command = findCommand([first, second]);
  if (command !== undefined) return commandHelp(command);
  return parents.has(first) ? parentHelp(first) : rootHelp();
}

function rootHelp(): string {
  const groups = commandGroups.map(({ title, commands }) => `${title}:\n${summaries(commands)}`);
  const within = {
    name: `${inCluster} COMMAND`,
    summary: 'Run diagnose, matrix or a check as a Job of several pods',
  };
  return `Network troubleshooting for pods, nodes and containers: from a symptom to its cause, with nothing restarted.

${wrap(targets, 0).join('\n')}

${groups.join('\n')}
From inside the cluster:
${summaries([within])}
Usage:
  ${programName} COMMAND [flags]

Use "${programName} COMMAND --help" for more about a command.
${globalsHint}`;
}

function parentHelp(parent: string): string {
  const below = commands.filter(({ name }) => name.startsWith(`${parent} `));
  return `Commands:
${summaries(below)}${parent === inCluster ? `\nFlags, beside those of COMMAND:\n${flagTable(jobFlags)}` : ''}
Usage:
  ${programName} ${parent} COMMAND [flags]

Use "${programName} ${parent} COMMAND --help" for more about a command.
`;
}

function commandHelp({ name, summary, details, synopsis, examples, flags }: Command): string {
  const shown = examples.map(({ comment, line }) => `  # ${comment}\n  ${programName} ${line}\n`);
  return `${summary}.
${details === undefined ? '' : `${wrap(details, 0).join('\n')}\n`}
Examples:
${shown.join('\n')}
Flags:
${flagTable([...flags, ...commonFlags])}
Usage:
  ${[programName, name, synopsis, '[flags]'].filter((part) => part !== '').join(' ')}

${globalsHint}`;
}

function summaries(list: readonly Pick<Command, 'name' | 'summary'>[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return list.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}\n`).join('');
}

function flagTable(flags: readonly Flag[]): string {
  const rows = flags.map((flag): [string, string] => [usageOf(flag), `${flag.describe}${defaultOf(flag)}`]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => twoColumns(left, right, width)).join('');
}

/** The right side goes on below itself when it is too long for the line. */
function twoColumns(left: string, right: string, width: number): string {
  const start = `  ${left.padEnd(width)}   `;
  return `${start}${wrap(right, start.length).join(`\n${' '.repeat(start.length)}`)}\n`;
}

/** The text in lines that leave room for an indentation; it may have line breaks where its source had to have them. */
function wrap(text: string, indentation: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last === undefined || indentation + longer.length > lineWidth) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
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
