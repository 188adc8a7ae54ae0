import { interruptible } from '../console/interrupt.ts';
import { withProgress } from '../console/progress.ts';
import type { ShellArgs } from '../model/args.ts';
import { withFailuresTold } from '../open/failures.ts';
import { openShell } from '../shell/shell.ts';

/** Resolves to the remote exit code. */
export function run(args: ShellArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(() => withProgress((progress) => openShell(args, signal, progress))),
  );
}
