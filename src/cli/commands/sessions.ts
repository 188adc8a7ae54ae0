import type { SessionsListArgs, SessionsStopArgs } from '../../model/args.ts';
import { defineCommand } from '../command.ts';
import type { SwitchFlag } from '../flag.ts';
import { connectionFlags, withoutUndefined } from '../flags/connection.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { optionalClusterTarget, selectorFlags, timeoutFlags, timeoutMs } from '../flags/target.ts';

const allNamespaces: SwitchFlag = {
  name: 'all-namespaces',
  short: 'A',
  kind: 'switch',
  describe: 'In all namespaces',
};

export const sessionsList = defineCommand<SessionsListArgs>({
  name: 'sessions ls',
  summary: 'List the ephemeral containers and the pods on nodes that the tool left',
  synopsis: '[TARGET]',
  examples: [
    { comment: 'Those in the current namespace', line: 'sessions ls' },
    { comment: 'Those in every namespace', line: 'sessions ls -A' },
  ],
  flags: [allNamespaces, ...selectorFlags, ...outputFlags],
  takesTarget: true,
  completesWord: 'clusterTarget',
  toArgs: (values) =>
    withoutUndefined({
      connection: connectionFlags(values),
      target: optionalClusterTarget('sessions ls', values),
      allNamespaces: values.isOn(allNamespaces),
      output: outputFormat(values),
    }),
  load: async () => (await import('../../commands/sessions.ts')).list,
});

export const sessionsStop = defineCommand<SessionsStopArgs>({
  name: 'sessions stop',
  summary: 'End what the tool left: processes in pods are ended, pods on nodes removed',
  details:
    'Kubernetes cannot remove an ephemeral container from a pod: what ends is the process in it, and its entry stays until the pod is gone.',
  synopsis: '[TARGET]',
  examples: [
    { comment: 'End the one in the pod web-0', line: 'sessions stop web-0' },
    { comment: 'End all in the current namespace', line: 'sessions stop' },
  ],
  flags: [allNamespaces, ...selectorFlags, ...timeoutFlags],
  takesTarget: true,
  completesWord: 'clusterTarget',
  toArgs: (values) =>
    withoutUndefined({
      connection: connectionFlags(values),
      target: optionalClusterTarget('sessions stop', values),
      allNamespaces: values.isOn(allNamespaces),
      timeoutMs: timeoutMs(values),
    }),
  load: async () => (await import('../../commands/sessions.ts')).stop,
});
