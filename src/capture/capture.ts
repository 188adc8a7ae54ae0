/** Captures the packets of one or several targets into one file or stream, until something ends it. */
import { join } from 'node:path';
import type { ProgressLine } from '../console/progress.ts';
import type { CaptureOptions, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { withDeadline } from '../open/deadline.ts';
import {
  type CaptureOutput,
  checkWritable,
  fileOutput,
  stdoutOutput,
  wiresharkOutput,
  withFolder,
} from './output.ts';
import { CaptureRun } from './run.ts';
import { captureFileName, type OpenTarget, openTargets } from './targets.ts';
import { stderrTeller } from './teller.ts';
import { findWireshark } from './wireshark.ts';

/**
 * Resolves to the exit code. A capture has no end of its own, so Ctrl-C is its normal one, as it is tcpdump's: once
 * packets are being captured it gives a whole file and the code 0. What else interrupts it gives a whole file too, and
 * its own code.
 * @param targets at least one, no two alike; all of them have to be there
 */
export async function captureTargets(
  options: CaptureOptions,
  targets: readonly TargetSpec[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  const openOutput = await outputFor(options);
  const work = () => captureTo(openOutput, options, targets, signal, progress);
  const { destination } = options;
  return destination.kind === 'folder' ? withFolder(destination.path, work) : work();
}

function captureTo(
  openOutput: Awaited<ReturnType<typeof outputFor>>,
  options: CaptureOptions,
  targets: readonly TargetSpec[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  return withDeadline(options.session, signal, progress, async (deadline) => {
    const open = await openTargets(options, targets, deadline.signal, deadline.progress);
    try {
      const run = new CaptureRun(options, open, deadline, stderrTeller(options, progress));
      return await run.run(signal, openOutput);
    } finally {
      await Promise.all(open.map((target) => target.close()));
    }
  });
}

/** How to open the output, once packets are there; what cannot work is refused before anything is done. */
export async function outputFor({
  destination,
}: Pick<CaptureOptions, 'destination'>): Promise<(targets: readonly OpenTarget[]) => Promise<CaptureOutput>> {
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
    case 'folder':
      return (targets) => fileOutput(join(destination.path, captureFileName(targets, new Date())), true);
    case 'file': {
      const { path } = destination;
      if (path !== undefined) await checkWritable(path);
      return (targets) =>
        path === undefined ? fileOutput(captureFileName(targets, new Date()), true) : fileOutput(path, false);
    }
  }
}
