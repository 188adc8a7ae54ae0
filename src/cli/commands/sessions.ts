import type { SessionsListArgs, SessionsStopArgs, SessionsTarget } from '../../model/args.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags, exclusive } from '../flags/connection.ts';
import { allNamespaces } from '../flags/many.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { allOfSelector, sessionsTargets, timeoutFlags, timeoutMs } from '../flags/target.ts';
import type { Values } from '../values.ts';

export const sessionsList = defineCommand<SessionsListArgs>({
  name: 'sessions ls',
  summary: 'List what the tool left behind: ephemeral containers, pods on nodes, Docker containers',
  synopsis: '[TARGET…]',
  examples: [
    { comment: 'Those in the current namespace', line: 'sessions ls' },
    { comment: 'Those in every namespace', line: 'sessions ls -A' },
    { comment: 'Those in all pods of a Deployment', line: 'sessions ls deploy/web' },
    { comment: 'Those of a Docker engine', line: 'sessions ls docker://' },
  ],
  flags: [allNamespaces, allOfSelector, ...outputFlags],
  takesTarget: true,
  takesTargets: true,
  completesWord: 'sessionsTarget',
  toArgs: (values) => ({
    connection: connectionFlags(values),
    targets: targetsOf('sessions ls', values),
    allNamespaces: values.isOn(allNamespaces),
    output: outputFormat(values),
  }),
  load: async () => (await import('../../commands/sessions.ts')).list,
});

export const sessionsStop = defineCommand<SessionsStopArgs>({
  name: 'sessions stop',
  summary: 'Clean up: end its processes in pods, remove its pods on nodes and its Docker containers',
  details: `Of a workload, a Service or -l SELECTOR it takes all pods. Kubernetes cannot remove an ephemeral container from a pod: its process
ends, and its entry stays until the pod is gone.`,
  synopsis: '[TARGET…]',
  examples: [
    { comment: 'End the one in the pod web-0', line: 'sessions stop web-0' },
    { comment: 'End those in all pods that a selector matches', line: 'sessions stop -l app=web' },
    { comment: 'End all in the current namespace', line: 'sessions stop' },
    { comment: 'Remove those beside the Docker container web', line: 'sessions stop docker://web' },
  ],
  flags: [allNamespaces, allOfSelector, ...timeoutFlags],
  takesTarget: true,
  takesTargets: true,
  completesWord: 'sessionsTarget',
  toArgs: (values) => ({
    connection: connectionFlags(values),
    targets: targetsOf('sessions stop', values),
    allNamespaces: values.isOn(allNamespaces),
    timeoutMs: timeoutMs(values),
  }),
  load: async () => (await import('../../commands/sessions.ts')).stop,
});

/** @throws UserError with exit code 2 */
function targetsOf(command: string, values: Values): readonly SessionsTarget[] {
  const targets = sessionsTargets(command, values);
  // A pod is in one namespace, and a workload's labels mean pods in its own alone; the pods of a node may be in any.
  if (values.isOn(allNamespaces) && targets.some(({ kind }) => kind === 'name'))
    throw exclusive('a TARGET', '-A');
  return targets;
}
