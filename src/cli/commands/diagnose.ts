import { diagnosisThresholds } from '../flags/thresholds.ts';
import { checkCommand, to, watchArgs, watchFlags } from './check-command.ts';

export const diagnose = checkCommand({
  name: 'diagnose',
  summary: 'Run all checks that apply and name the cause first',
  details: `One exec carries all of them. What follows from another finding is listed under it, so that the first line is
the one to act on. A TCP server that is a DEST gets 4 KB of blanks, to see whether large packets arrive.`,
  synopsis: 'TARGET [--to DEST…]',
  examples: [
    { comment: 'What is wrong with the network of the pod web-0', line: 'diagnose web-0' },
    { comment: 'Why a pod of web cannot reach the Service db', line: 'diagnose deploy/web --to svc/db:5432' },
  ],
  flags: [to, ...watchFlags, ...diagnosisThresholds],
  ownArgs: watchArgs,
  load: async () => (await import('../../commands/check.ts')).diagnose,
});
