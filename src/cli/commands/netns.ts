import type { NetnsListArgs, RunArgs, ShellArgs } from '../../model/args.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { outputFlags, outputFormat } from '../flags/report.ts';
import { machineFlags, parseMachine, sessionValues } from '../flags/target.ts';
import type { Values } from '../values.ts';
import { commandOf, stdin } from './run.ts';
import { detachKeys, detachKeysOf } from './shell.ts';

/** How both commands that switch read their words: a machine, then a namespace of it. */
const SWITCHES = {
  takesTarget: false,
  completesWord: 'machine',
  takesNamespace: true,
  takesMore: true,
  takesRest: true,
} as const;

const NAMESPACE_WORDS = `NAMESPACE is what netns ls shows: a number (INODE), POD or NAMESPACE/POD, a container's name or
the beginning of its id, a name under /run/netns, a path, pid:N or host.`;

export const netnsList = defineCommand<NetnsListArgs>({
  name: 'netns ls',
  summary: 'List the network namespaces of a node or of this machine, and who lives in them',
  details: `On a node this takes a pod that sees the node's processes, which is removed afterwards; on this machine you need
root to see more than your own.`,
  synopsis: 'NODE|local',
  examples: [
    { comment: "All on a node: its pods' and any others", line: 'netns ls node-1' },
    { comment: 'All on this machine; no cluster needed', line: 'netns ls local' },
  ],
  flags: [...machineFlags, ...outputFlags],
  takesTarget: false,
  completesWord: 'machine',
  toArgs: (values) => {
    const [machine, ...more] = values.words;
    if (more.length > 0) throw usageError(`netns ls takes one machine, but got ${values.words.join(' ')}`);
    return {
      connection: connectionFlags(values),
      machine: parseMachine('netns ls', machine),
      session: sessionValues(values),
      output: outputFormat(values),
    };
  },
  load: async () => (await import('../../commands/netns.ts')).list,
});

export const netnsShell = defineCommand<ShellArgs>({
  name: 'netns shell',
  summary: 'Open a shell in a network namespace of a node or of this machine',
  details: `${NAMESPACE_WORDS} No ephemeral container is added to a pod: that is the way into static pods, into pods whose
namespace refuses ephemeral containers, and into pods that crash again and again.`,
  synopsis: 'NODE|local NAMESPACE [-- COMMAND [ARG…]]',
  examples: [
    { comment: 'A shell in the network of a pod, from its node', line: 'netns shell node-1 shop/web-0' },
    { comment: 'In a namespace of this machine', line: 'netns shell local blue' },
  ],
  flags: [detachKeys, ...machineFlags],
  ...SWITCHES,
  toArgs: (values) => ({
    ...switched('netns shell', values),
    detachKeys: detachKeysOf(values),
    command: values.rest ?? [],
  }),
  load: async () => (await import('../../commands/shell.ts')).run,
});

export const netnsRun = defineCommand<RunArgs>({
  name: 'netns run',
  summary: 'Run one command in a network namespace of a node or of this machine',
  details: NAMESPACE_WORDS,
  synopsis: 'NODE|local NAMESPACE -- COMMAND [ARG…]',
  examples: [
    { comment: 'The routes of a pod, from its node', line: 'netns run node-1 shop/web-0 -- ip route' },
    { comment: 'The sockets of a Docker container of this machine', line: 'netns run local db -- ss -tlnp' },
  ],
  flags: [stdin, ...machineFlags],
  ...SWITCHES,
  toArgs: (values) => ({
    ...switched('netns run', values),
    stdin: values.isOn(stdin),
    command: commandOf(values, 'netns run node-1 shop/web-0 -- ip route'),
  }),
  load: async () => (await import('../../commands/run.ts')).run,
});

/** The machine as a target, switched: `netns run node-1 X` is `run node/node-1 --netns X`. */
function switched(command: string, values: Values): Pick<ShellArgs, 'connection' | 'target' | 'session'> {
  const [machine, namespace, ...more] = values.words;
  const target = parseMachine(command, machine);
  if (namespace === undefined || namespace === '') {
    throw usageError(`${command} needs a NAMESPACE after the machine`, 'netns ls shows which there are.');
  }
  if (more.length > 0)
    throw usageError(`put -- before the command: ${command} NODE|local NAMESPACE -- COMMAND`);
  return {
    connection: connectionFlags(values),
    target,
    session: { ...sessionValues(values), netns: namespace },
  };
}
