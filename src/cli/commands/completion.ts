import type { CompletionInstallArgs } from '../../model/args.ts';
import type { TextFlag } from '../../model/flag.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { completionProgram, completionProgramName } from '../completion-program.ts';
import { printNow } from '../output.ts';
import { noWords } from './static.ts';

const dir: TextFlag = {
  name: 'dir',
  kind: 'text',
  value: 'FOLDER',
  describe: 'Where to put it; default: beside kubectl-nettools, else the first writable folder in PATH',
  completes: 'file',
};

export const completion = defineCommand<Record<never, never>>({
  name: 'completion',
  summary: 'Explain how to set up completion through kubectl',
  synopsis: '',
  examples: [{ comment: 'The steps for each shell', line: 'completion' }],
  flags: [],
  takesTarget: false,
  toArgs: (values) => {
    noWords('completion', values);
    return {};
  },
  load: async () => () => printNow(completionText),
});

export const completionInstall = defineCommand<CompletionInstallArgs>({
  name: 'completion install',
  summary: "Install the program through which kubectl completes this plugin's arguments",
  details: `It is a file that runs kubectl-nettools; on Windows, a copy of the binary, with a small file "kubectl-nettools"
beside it, without which kubectl does not know the plugin's name there ("kubectl plugin list" warns that it cannot be
run; nothing runs it). An unrelated file of that name is left alone.`,
  synopsis: '',
  examples: [
    { comment: 'In the default place', line: 'completion install' },
    { comment: 'In a folder of your own', line: 'completion install --dir /usr/local/bin' },
  ],
  flags: [dir],
  takesTarget: false,
  toArgs: (values) => {
    noWords('completion install', values);
    return withoutUndefined({
      dir: values.text(dir),
      programName: completionProgramName,
      program: completionProgram,
    });
  },
  load: async () => (await import('../../commands/completion-install.ts')).run,
});

const completionText = `kubectl completes the words of a plugin by asking a program named ${completionProgramName}.
Put it in place with:

  kubectl nettools completion install

Then kubectl's own completion, once it is loaded in your shell, does the rest:

  source <(kubectl completion bash)                             # bash, with bash-completion; or zsh, after compinit
  kubectl completion fish | source                              # fish
  kubectl completion powershell | Out-String | Invoke-Expression
`;
