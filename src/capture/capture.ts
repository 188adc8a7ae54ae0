/** Captures the packets of one or several targets into one file or stream, until something ends it. */

import type { ProgressLine } from '../console/progress.ts';
import type { CaptureArgs, CaptureDestination } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { withDeadline } from '../open/deadline.ts';
import { type CaptureOutput, checkWritable, fileOutput, stdoutOutput, wiresharkOutput } from './output.ts';
import { CaptureRun } from './run.ts';
import { captureFileName, type OpenTarget, openTargets } from './targets.ts';
import { findWireshark } from './wireshark.ts';

/**
 * Resolves to the exit code. A capture has no end of its own, so Ctrl-C is its normal one, as it is tcpdump's: once
 * packets are being captured it gives a whole file and the code 0. What else interrupts it gives a whole file too, and
 * its own code.
 */
export async function captureTargets(
  args: CaptureArgs,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  const openOutput = await outputFor(args.destination);
  return withDeadline(args.session, signal, progress, async (deadline) => {
    const targets = await openTargets(args, deadline.signal, deadline.progress);
    try {
      return await new CaptureRun(args, targets, deadline).run(signal, openOutput);
    } finally {
      await Promise.all(targets.map((target) => target.close()));
    }
  });
}

/** How to open the output, once packets are there; what cannot work is refused before anything is done. */
async function outputFor(
  destination: CaptureDestination,
): Promise<(targets: readonly OpenTarget[]) => Promise<CaptureOutput>> {
  switch (destination.kind) {
    case 'wireshark': {
      const program = findWireshark();
      return () => wiresharkOutput(program);
    }
    case 'stdout':
      if (process.stdout.isTTY) {
        throw new UserError('-w - writes packets to stdout, which is a terminal.', 2, {
          hint: 'Pipe it (… -w - | tcpdump -r -), or write a file with -w FILE.',
        });
      }
      return async () => stdoutOutput();
    case 'file': {
      const { path } = destination;
      if (path !== undefined) await checkWritable(path);
      return (targets) =>
        path === undefined ? fileOutput(captureFileName(targets, new Date()), true) : fileOutput(path, false);
    }
  }
}
