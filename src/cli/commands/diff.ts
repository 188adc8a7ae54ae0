import type { DiffArgs, DiffFormat } from '../../model/diff-args.ts';
import type { TextFlag } from '../../model/flag.ts';
import type { Severity } from '../../model/report.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';

const output = {
  name: 'output',
  short: 'o',
  kind: 'text',
  value: 'FORMAT',
  choices: ['table', 'json', 'yaml', 'junit', 'markdown', 'html'],
  default: 'table',
  describe: 'Format on stdout: table, json, yaml, junit, markdown or html',
} as const satisfies TextFlag;
const failOn = {
  name: 'fail-on',
  kind: 'text',
  value: 'SEVERITY',
  choices: ['critical', 'warning', 'info'],
  default: 'warning',
  describe: 'A new finding is a regression at this severity or above: critical, warning or info',
} as const satisfies TextFlag;
const leastShift = {
  name: 'least-shift',
  kind: 'text',
  value: 'DURATION',
  default: '2ms',
  describe: 'Times that shift by less are the same, whatever a test says',
} as const satisfies TextFlag;

/** Below it a shift is the machine's, and not the network's. (ours) */
const LEAST_SHIFT_SHARE = 0.25;
/** Fewer losses more are no reason to stop an upgrade. (ours) */
const LEAST_LOSS = 0.02;

export const diff = defineCommand<DiffArgs>({
  name: 'diff',
  summary: 'Compare two runs: what is new, gone, worse or better',
  details: `BEFORE and AFTER are files that --save or -o json wrote: two reports, two lists or two matrices. Times are compared by the
Mann–Whitney U test, losses by Fisher's exact test. Exits with 1 on a regression, with 3 where something that was measured
could not be compared.`,
  synopsis: 'BEFORE AFTER',
  examples: [
    { comment: 'Before an upgrade', line: 'diagnose deploy/web --all --to svc/db --save before.json' },
    { comment: 'After it', line: 'diagnose deploy/web --all --to svc/db --save after.json' },
    { comment: 'Its gate', line: 'diff before.json after.json' },
  ],
  flags: [output, failOn, leastShift],
  takesTarget: false,
  completesWord: 'file',
  toArgs: (values) => {
    const [before = '', after = '', ...more] = values.words;
    if (before === '' || after === '' || more.length > 0)
      throw usageError('diff takes two files, BEFORE and AFTER, and nothing else');
    return {
      before,
      after,
      output: values.choice<DiffFormat>(output),
      limits: {
        leastShiftMs: values.duration(leastShift),
        leastShiftShare: LEAST_SHIFT_SHARE,
        leastLoss: LEAST_LOSS,
        failOn: values.choice<Severity>(failOn),
      },
    };
  },
  load: async () => (await import('../../commands/diff.ts')).run,
});
