import type { ExplainArgs, JudgeArgs } from '../../model/args.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { printFlags, reportValues } from '../flags/report.ts';
import type { Values } from '../values.ts';

export const judge = defineCommand<JudgeArgs>({
  name: 'judge',
  summary: 'Judge a saved run again, offline',
  details: 'The same evidence gives the same findings; a newer version may know more of them.',
  synopsis: 'BUNDLE',
  examples: [
    { comment: 'Save the evidence of a run', line: 'latency web-0 --save run.json' },
    { comment: 'Judge it where there is no cluster', line: 'judge run.json' },
  ],
  flags: printFlags,
  takesTarget: false,
  completesWord: 'file',
  toArgs: (values) => ({ bundle: onlyWord('judge', 'a BUNDLE file', values), report: reportValues(values) }),
  load: async () => (await import('../../commands/judge.ts')).run,
});

export const explain = defineCommand<ExplainArgs>({
  name: 'explain',
  summary: 'Explain what a finding means, when it is raised and how to fix it',
  synopsis: 'ID',
  examples: [{ comment: 'The finding "high round-trip time"', line: 'explain NT-LAT-001' }],
  flags: [],
  takesTarget: false,
  completesWord: 'finding',
  toArgs: (values) => ({ id: onlyWord('explain', "a finding's ID such as NT-LAT-001", values) }),
  load: async () => (await import('../../commands/explain.ts')).run,
});

function onlyWord(command: string, what: string, values: Values): string {
  const [word = '', ...more] = values.words;
  if (word === '' || more.length > 0) throw usageError(`${command} takes ${what}, and nothing else`);
  return word;
}
