import { fileReason } from '../model/file-reason.ts';
import { brokenPipeExitCode, complainNow } from './output.ts';
import { whenUsed } from './when-used.ts';

/** Ends the process when nobody reads what it prints, or it cannot be written. */
export function endWithStdout(): void {
  whenUsed(process, 'stdout', (stdout) => stdout.on('error', endOnBrokenStdout));
  // Nobody is left to read it.
  whenUsed(process, 'stderr', (stderr) => stderr.on('error', () => undefined));
}

function endOnBrokenStdout(error: NodeJS.ErrnoException): void {
  // A terminal that has been closed: SIGHUP ends the run, and what it holds is put back before.
  if (error.code === 'EIO' && process.stdout.isTTY) return;
  if (error.code === 'EPIPE') process.exit(brokenPipeExitCode);
  complainNow(`error: stdout cannot be written: ${fileReason(error)}.\n`);
  process.exit(3);
}
