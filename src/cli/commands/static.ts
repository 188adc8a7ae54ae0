import { defineCommand } from '../command.ts';
import { completionProgram, completionProgramName } from '../completion-program.ts';
import type { SwitchFlag } from '../flag.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { printNow } from '../output.ts';
import { usageError } from '../usage-error.ts';
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

export const completion = defineCommand<Record<never, never>>({
  name: 'completion',
  summary: "Say how to set up completion in kubectl's way",
  synopsis: '',
  examples: [{ comment: 'What to put where', line: 'completion' }],
  flags: [],
  takesTarget: false,
  toArgs: (values) => {
    noWords('completion', values);
    return {};
  },
  load: async () => () => printNow(completionText),
});

const completionText = `kubectl completes plugins through a program named ${completionProgramName}. It comes with the
binary; put both in one FOLDER that is on the PATH, or write it yourself:

  printf '${completionProgram.replaceAll('\n', '\\n')}' > FOLDER/${completionProgramName}
  chmod +x FOLDER/${completionProgramName}

Then kubectl's own completion does the rest:

  source <(kubectl completion bash)    # or zsh; "kubectl completion fish | source" for fish
`;

/** @throws UserError with exit code 2 when there is any word */
export function noWords(command: string, values: Values): void {
  if (values.words.length > 0)
    throw usageError(`${command} takes no argument, but got ${values.words.join(' ')}`);
}
