import type { SwitchFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { printNow } from '../output.ts';
import type { Values } from '../values.ts';
import { type VersionArgs, versionText } from '../version.ts';

// Commands that need nothing but the binary itself.

// kubectl's own spelling; there is no server part here that it could leave out.
const client: SwitchFlag = { name: 'client', kind: 'switch', describe: 'Accepted as in kubectl version' };

export const version = defineCommand<VersionArgs>({
  name: 'version',
  summary: 'Print the version',
  synopsis: '',
  examples: [{ comment: 'For a script', line: 'version -o json' }],
  flags: [client, ...outputFlags],
  takesTarget: false,
  toArgs: (values) => {
    noWords('version', values);
    return { output: outputFormat(values) };
  },
  load: async () => (args) => printNow(versionText(args)),
});

/** @throws UserError with exit code 2 when there is any word */
export function noWords(command: string, values: Values): void {
  if (values.words.length > 0)
    throw usageError(`${command} takes no argument, but got ${values.words.join(' ')}`);
}
