import { interruptible } from '../app/interrupt.ts';
import { withProgress } from '../app/progress.ts';
import { openShell } from '../app/shell.ts';
import type { ShellArgs } from '../model/args.ts';
import { withFailuresTold } from '../open/failures.ts';

/** Resolves to the remote exit code. */
export function run(args: ShellArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(() => withProgress((progress) => openShell(args, signal, progress))),
  );
}
