import type { RunArgs } from '../../model/args.ts';
import type { SwitchFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { manyFlags, targetChoice, targetsIn } from '../flags/many.ts';
import { selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';
import type { Values } from '../values.ts';

/** Whether the command gets this process's stdin. */
export const stdin: SwitchFlag = {
  name: 'stdin',
  short: 'i',
  kind: 'switch',
  default: true,
  describe: 'Pass stdin to the command; --stdin=false leaves it alone',
};

export const run = defineCommand<RunArgs>({
  name: 'run',
  summary: "Run one command in a target's network",
  details: `Passes stdin, stdout, stderr and the exit code on unchanged. With several TARGETs, each line of
output starts with its target, none gets stdin, and the exit code is the highest.`,
  synopsis: 'TARGET… -- COMMAND [ARG…]',
  examples: [
    { comment: 'The routes that the pod web-0 sees', line: 'run web-0 -- ip route' },
    {
      comment: 'What a Service answers, seen from a pod of a Deployment',
      line: 'run deploy/web -- curl -sv http://db:8080/',
    },
    { comment: 'The resolv.conf of every pod of web', line: 'run deploy/web --all -- cat /etc/resolv.conf' },
    { comment: 'A pipe on this machine', line: 'run web-0 -- ss -tanp | grep SYN-SENT' },
  ],
  flags: [stdin, ...selectorFlags, ...manyFlags, ...sessionFlags],
  takesTarget: true,
  takesTargets: true,
  takesRest: true,
  toArgs: (values) => {
    const { choice } = targetChoice('run', values);
    const isMany = 'many' in choice;
    if (isMany && values.switch(stdin) === true) throw usageError('--stdin is for one TARGET');
    return {
      connection: connectionFlags(values),
      ...choice,
      session: sessionValues(values, targetsIn(choice)),
      stdin: !isMany && values.isOn(stdin),
      command: commandOf(values),
    };
  },
  load: async () => (await import('../../commands/run.ts')).run,
});

/** What follows `--`. @throws UserError with exit code 2 when nothing does */
export function commandOf(values: Values, example = 'run web-0 -- ip route'): readonly string[] {
  if (values.rest === undefined || values.rest.length === 0) {
    throw usageError(`run needs a command after --, for example: ${example}`);
  }
  return values.rest;
}
