import type { ExplainArgs, JudgeArgs } from '../../model/args.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { failOnOutage, printFlags, reportValues } from '../flags/report.ts';
import type { Values } from '../values.ts';

export const judge = defineCommand<JudgeArgs>({
  name: 'judge',
  summary: 'Judge a saved run again, offline',
  details: `The same evidence gives the same findings; a newer version may know more of them. Of a watch, BUNDLE is its folder or the
watch.json in it, and the exit code is 1 from a warning on, as that of the watch.`,
  synopsis: 'BUNDLE',
  examples: [
    { comment: 'Save the evidence of a run', line: 'latency web-0 --save run.json' },
    { comment: 'Judge it where there is no cluster', line: 'judge run.json' },
    { comment: 'The timeline of a watch, as a page', line: 'judge watch-web-0-20260102-030400 -o html' },
  ],
  flags: printFlags,
  takesTarget: false,
  completesWord: 'file',
  toArgs: (values) => ({
    bundle: onlyWord('judge', 'a BUNDLE file', values),
    report: reportValues(values),
    failOnOutage: failOnOutage(values),
  }),
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
