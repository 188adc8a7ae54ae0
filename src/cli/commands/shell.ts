import type { ShellArgs } from '../../model/args.ts';
import type { TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import { connectionFlags } from '../flags/connection.ts';
import { requiredTarget, selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';
import type { Values } from '../values.ts';

/** The keys that leave a shell. */
export const detachKeys = {
  name: 'detach-keys',
  kind: 'text',
  value: 'KEYS',
  default: 'ctrl-p,ctrl-q',
  describe: "Keys that leave the shell, in Docker's syntax; empty: none",
} as const satisfies TextFlag;

export const shell = defineCommand<ShellArgs>({
  name: 'shell',
  summary: "Open a shell with the tools in a target's network",
  details: `On this machine (local, netns:, pid:) the shell has the terminal to itself, like any program you start, so
there are no detach keys.`,
  synopsis: 'TARGET [-- COMMAND [ARG…]]',
  examples: [
    { comment: 'A shell in the network of the pod web-0', line: 'shell web-0' },
    { comment: 'A command that needs a terminal, instead of the shell', line: 'shell deploy/web -- mtr db' },
  ],
  flags: [detachKeys, ...selectorFlags, ...sessionFlags],
  takesTarget: true,
  takesRest: true,
  toArgs: (values) => {
    const target = requiredTarget('shell', values);
    return {
      connection: connectionFlags(values),
      target,
      session: sessionValues(values, [target]),
      detachKeys: detachKeysOf(values),
      command: values.rest ?? [],
    };
  },
  load: async () => (await import('../../commands/shell.ts')).run,
});

/** @throws UserError with exit code 2 */
export function detachKeysOf(values: Values): readonly number[] {
  const text = values.rawText(detachKeys);
  const bytes = parseDetachKeys(text);
  if (bytes === undefined) {
    throw usageError(`--detach-keys must be keys such as ctrl-p,ctrl-q or a,b, not "${text}"`);
  }
  return bytes;
}
