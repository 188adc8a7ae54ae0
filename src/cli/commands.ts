import type { Command } from './command.ts';
import { capture } from './commands/capture.ts';
import { checkCommands, diagnose } from './commands/check-command.ts';
import { completion, completionInstall } from './commands/completion.ts';
import { configPathCommand, configView } from './commands/config.ts';
import { diff } from './commands/diff.ts';
import { explain, judge } from './commands/findings.ts';
import { inClusterCommands } from './commands/in-cluster.ts';
import { inClusterTest } from './commands/in-cluster-test.ts';
import { inClusterWatch } from './commands/in-cluster-watch.ts';
import { matrix } from './commands/matrix.ts';
import { netnsList, netnsRun, netnsShell } from './commands/netns.ts';
import { preflight } from './commands/preflight.ts';
import { run } from './commands/run.ts';
import { sessionsList, sessionsStop } from './commands/sessions.ts';
import { shell } from './commands/shell.ts';
import { version } from './commands/static.ts';
import { test, testInit } from './commands/test.ts';
import { watch } from './commands/watch.ts';

/** The commands, grouped as the help shows them; those of `in-cluster` are the same once more. */
export const commandGroups: ReadonlyArray<{ title: string; commands: readonly Command[] }> = [
  {
    title: 'Find the cause',
    commands: [diagnose, matrix, ...checkCommands],
  },
  { title: 'Expect', commands: [test, testInit, watch] },
  { title: 'Look for yourself', commands: [shell, run, capture, netnsList, netnsShell, netnsRun] },
  { title: 'Understand', commands: [explain, judge, diff] },
  { title: 'What the tool does in the cluster', commands: [preflight, sessionsList, sessionsStop] },
  { title: 'Other', commands: [configView, configPathCommand, version, completion, completionInstall] },
];

export const commands: readonly Command[] = [
  ...commandGroups.flatMap((group) => group.commands),
  ...inClusterCommands,
  inClusterTest,
  inClusterWatch,
];

/** First words of commands that have two. */
export const parents: ReadonlySet<string> = new Set(
  commands.flatMap(({ name }) => (name.includes(' ') ? [name.slice(0, name.indexOf(' '))] : [])),
);

/** The command that the words begin with; for `sessions` alone there is none, as it needs a second word. */
export function findCommand([first = '', second = '']: readonly string[]): Command | undefined {
  const called = (name: string) => commands.find((command) => command.name === name);
  return called(`${first} ${second}`) ?? called(first);
}

/** The words that are the command's name, as far as they are one: what stands after them is its TARGET. */
export function nameWords(words: readonly string[]): string[] {
  const command = findCommand(words);
  if (command !== undefined) return command.name.split(' ');
  return words.slice(0, parents.has(words[0] ?? '') ? 1 : 0);
}
