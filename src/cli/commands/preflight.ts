import type { PreflightArgs } from '../../model/args.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { manyFlags, targetChoice, targetsIn } from '../flags/many.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';

export const preflight = defineCommand<PreflightArgs>({
  name: 'preflight',
  summary: 'Show what the tool may do with a target, and change nothing',
  details: 'Of several TARGETs each answer is told once, with those of which it is true.',
  synopsis: 'TARGET…',
  examples: [
    { comment: 'Which rights and which profile the pod web-0 allows', line: 'preflight web-0' },
    { comment: 'Of all pods of the namespace', line: 'preflight --all' },
    {
      comment: 'The same for a ServiceAccount',
      line: 'preflight web-0 --as system:serviceaccount:ops:oncall',
    },
  ],
  flags: [...selectorFlags, ...manyFlags, ...sessionFlags, ...outputFlags],
  takesTarget: true,
  takesTargets: true,
  toArgs: (values) => {
    const { choice } = targetChoice('preflight', values);
    return {
      connection: connectionFlags(values),
      ...choice,
      session: sessionValues(values, targetsIn(choice)),
      output: outputFormat(values),
    };
  },
  load: async () => (await import('../../commands/preflight.ts')).run,
});
