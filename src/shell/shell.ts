/** An interactive shell on a target. */
import { isatty } from 'node:tty';

import { ignoringTerminalSignals } from '../console/interrupt.ts';
import type { ProgressLine } from '../console/progress.ts';
import type { ShellArgs } from '../model/args.ts';
import { withSession } from '../open/target.ts';
import type { Session } from '../targets/session.ts';
import { runCommand } from './run.ts';
import { DetachFilter, onTerminalResize, rawTerminal, saveTerminalMode } from './terminal.ts';

/** The image's own bash where it has one. */
const SHELL = ['sh', '-c', 'command -v bash >/dev/null 2>&1 && exec bash; exec sh'];

const NO_TERMINAL =
  'warning: stdin is not a terminal, so the shell runs without one and reads commands from it.';
const NO_TERMINAL_FOR_COMMAND = 'warning: stdin is not a terminal, so the command runs without one.';

/** The user left by the detach keys. */
class DetachedError extends Error {
  override readonly name = 'DetachedError';
}

/** Resolves to the remote exit code; 0 after the detach keys. */
export function openShell(args: ShellArgs, signal: AbortSignal, progress: ProgressLine): Promise<number> {
  const command = args.command.length > 0 ? args.command : SHELL;
  if (!isatty(0)) {
    const notice = args.command.length > 0 ? NO_TERMINAL_FOR_COMMAND : NO_TERMINAL;
    return runCommand({ ...args, command, stdin: true }, signal, progress, notice);
  }
  return withSession(args, signal, progress, (session) => {
    for (const note of session.notes) progress.note(note);
    progress.clear();
    const shellArgs = { ...args, command };
    return session.channel.inheritsTerminal === true
      ? shellHere(session, shellArgs, signal)
      : shellIn(session, shellArgs, signal);
  });
}

/** On this machine the shell has the terminal itself, as a program that the user's own shell starts. */
async function shellHere({ channel }: Session, args: ShellArgs, signal: AbortSignal): Promise<number> {
  const takeBack = saveTerminalMode();
  try {
    const terminal = { type: process.env['TERM'], onResize: onTerminalResize };
    return await ignoringTerminalSignals(() =>
      channel.run(args.command, { stdout: process.stdout, terminal, signal }),
    );
  } catch (error) {
    takeBack();
    throw error;
  }
}

async function shellIn(session: Session, args: ShellArgs, signal: AbortSignal): Promise<number> {
  const detach = new AbortController();
  const keys = new DetachFilter(args.detachKeys, () => detach.abort(new DetachedError('detached')));
  let restore: ((clean: boolean) => void) | undefined;
  let clean = false;
  try {
    const code = await session.channel.run(args.command, {
      stdin: keys,
      stdout: process.stdout,
      terminal: { type: process.env['TERM'], onResize: onTerminalResize },
      signal: AbortSignal.any([signal, detach.signal]),
      // Raw only now: until the shell is there, Ctrl-C is for this process.
      onOpen: () => {
        restore = rawTerminal(keys);
      },
    });
    clean = true;
    return code;
  } catch (error) {
    if (!(error instanceof DetachedError)) throw error;
    restore?.(false);
    process.stderr.write('detached; the shell on the target ends by itself.\n');
    return 0;
  } finally {
    restore?.(clean);
  }
}
