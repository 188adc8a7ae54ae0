import type { PreflightArgs } from '../../model/args.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { requiredTarget, selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';

export const preflight = defineCommand<PreflightArgs>({
  name: 'preflight',
  summary: 'Show what the tool may do with a target, and change nothing',
  synopsis: 'TARGET',
  examples: [
    { comment: 'Which rights and which profile the pod web-0 allows', line: 'preflight web-0' },
    {
      comment: 'The same for a ServiceAccount',
      line: 'preflight web-0 --as system:serviceaccount:ops:oncall',
    },
  ],
  flags: [...selectorFlags, ...sessionFlags, ...outputFlags],
  takesTarget: true,
  toArgs: (values) => {
    const target = requiredTarget('preflight', values);
    return {
      connection: connectionFlags(values),
      target,
      session: sessionValues(values, [target]),
      output: outputFormat(values),
    };
  },
  load: async () => (await import('../../commands/preflight.ts')).run,
});
