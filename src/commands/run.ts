import { interruptible } from '../app/interrupt.ts';
import { withProgress } from '../app/progress.ts';
import { runCommand } from '../app/run.ts';
import type { RunArgs } from '../model/args.ts';
import { withFailuresTold } from '../open/failures.ts';

/** Resolves to the remote exit code. */
export function run(args: RunArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(() => withProgress((progress) => runCommand(args, signal, progress))),
  );
}
