import { interruptible } from '../console/interrupt.ts';
import { withProgress } from '../console/progress.ts';
import type { RunArgs } from '../model/args.ts';
import { withUserErrors } from '../open/failures.ts';
import { runCommand } from '../shell/run.ts';

/** Resolves to the remote exit code; of many to the highest. */
export async function run(args: RunArgs): Promise<number> {
  if ('many' in args) return (await import('./run-many.ts')).runOnMany(args);
  return interruptible((signal) =>
    withUserErrors(() => withProgress((progress) => runCommand(args, signal, progress))),
  );
}
