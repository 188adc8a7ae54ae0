import type { SessionsListArgs, SessionsStopArgs } from '../../model/args.ts';
import { defineCommand } from '../command.ts';
import type { SwitchFlag } from '../flag.ts';
import { connectionFlags, withoutUndefined } from '../flags/connection.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { optionalPodTarget, selectorFlags, timeoutFlags, timeoutMs } from '../flags/target.ts';

const allNamespaces: SwitchFlag = {
  name: 'all-namespaces',
  short: 'A',
  kind: 'switch',
  describe: 'In all namespaces',
};

export const sessionsList = defineCommand<SessionsListArgs>({
  name: 'sessions ls',
  summary: 'List the ephemeral containers that the tool left in pods',
  synopsis: '[TARGET]',
  examples: [
    { comment: 'Those in the current namespace', line: 'sessions ls' },
    { comment: 'Those in every namespace', line: 'sessions ls -A' },
  ],
  flags: [allNamespaces, ...selectorFlags, ...outputFlags],
  takesTarget: true,
  toArgs: (values) =>
    withoutUndefined({
      connection: connectionFlags(values),
      target: optionalPodTarget('sessions ls', values),
      allNamespaces: values.isOn(allNamespaces),
      output: outputFormat(values),
    }),
  load: async () => (await import('../../commands/sessions.ts')).list,
});

export const sessionsStop = defineCommand<SessionsStopArgs>({
  name: 'sessions stop',
  summary: 'End them; their entries stay in the pod until it is gone',
  details: 'Kubernetes cannot remove an ephemeral container from a pod: what ends is the process in it.',
  synopsis: '[TARGET]',
  examples: [
    { comment: 'End the one in the pod web-0', line: 'sessions stop web-0' },
    { comment: 'End all in the current namespace', line: 'sessions stop' },
  ],
  flags: [allNamespaces, ...selectorFlags, ...timeoutFlags],
  takesTarget: true,
  toArgs: (values) =>
    withoutUndefined({
      connection: connectionFlags(values),
      target: optionalPodTarget('sessions stop', values),
      allNamespaces: values.isOn(allNamespaces),
      timeoutMs: timeoutMs(values),
    }),
  load: async () => (await import('../../commands/sessions.ts')).stop,
});
