import { ABOUTS } from '../../checks/about.ts';
import type { ConfigViewArgs } from '../../model/args.ts';
import type { SettingFlag } from '../../model/flag.ts';
import { defineCommand } from '../command.ts';
import { configPath } from '../config-path.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { settingsOfSessions } from '../flags/target.ts';
import { thresholdFlags } from '../flags/thresholds.ts';
import { printNow } from '../output.ts';
import { settingsOfJobs } from './in-cluster.ts';
import { noWords } from './static.ts';

const settings: readonly SettingFlag[] = [
  ...settingsOfSessions,
  ...settingsOfJobs,
  ...ABOUTS.flatMap(thresholdFlags),
];

export const configView = defineCommand<ConfigViewArgs>({
  name: 'config view',
  summary: 'Show every setting, its value, and where the value comes from',
  details: `A flag takes precedence, then its environment variable, then the section of the context or cluster in the
configuration file, then the file's own keys, then the default.`,
  synopsis: '',
  examples: [
    { comment: 'What applies to the current context', line: 'config view' },
    { comment: 'What would apply to another one', line: 'config view --context staging' },
  ],
  flags: [...outputFlags, ...settings],
  takesTarget: false,
  toArgs: (values) => {
    noWords('config view', values);
    return {
      file: configPath().file,
      settings: settings.map((flag) => {
        values.check(flag);
        return {
          key: flag.setting.key,
          value: values.text(flag) ?? '',
          from: values.origin(flag) ?? 'default',
        };
      }),
      output: outputFormat(values),
    };
  },
  load: async () => (await import('../../commands/config-view.ts')).run,
});

export const configPathCommand = defineCommand<{ readonly file: string }>({
  name: 'config path',
  summary: 'Print the path of the configuration file',
  synopsis: '',
  examples: [{ comment: 'The file to edit', line: 'config path' }],
  flags: [],
  takesTarget: false,
  toArgs: (values) => {
    noWords('config path', values);
    return { file: configPath().file };
  },
  load: async () => (args) => printNow(`${args.file}\n`),
});
