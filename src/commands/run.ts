import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { withProgress } from '../app/progress.ts';
import { runCommand } from '../app/run.ts';
import type { RunArgs } from '../model/args.ts';

/** Resolves to the remote exit code. */
export function run(args: RunArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(() => withProgress((progress) => runCommand(args, signal, progress))),
  );
}
