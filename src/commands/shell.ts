import { interruptible } from '../console/interrupt.ts';
import { withProgress } from '../console/progress.ts';
import type { ShellArgs } from '../model/args.ts';
import { withUserErrors } from '../open/failures.ts';
import { openShell } from '../shell/shell.ts';

/** Resolves to the remote exit code. */
export function run(args: ShellArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(() => withProgress((progress) => openShell(args, signal, progress))),
  );
}
