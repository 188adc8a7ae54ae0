import { captureTargets } from '../capture/capture.ts';
import { interruptible } from '../console/interrupt.ts';
import { withProgress } from '../console/progress.ts';
import type { CaptureArgs } from '../model/args.ts';
import { withFailuresTold } from '../open/failures.ts';

/** Resolves to 0 when the capture came to its end, by Ctrl-C too. */
export function run(args: CaptureArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(() => withProgress((progress) => captureTargets(args, signal, progress))),
  );
}
