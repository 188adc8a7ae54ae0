import { writeSync } from 'node:fs';

/** What a shell reports for a program that SIGPIPE ended, as kubectl is when its reader goes away. */
export const brokenPipeExitCode = 141;

/**
 * Writes text to stdout at once, without the cost of Node's stdout stream.
 * @returns the exit code of a command that does nothing else
 */
export function printNow(text: string): number {
  return writeNow(1, text) ? 0 : brokenPipeExitCode;
}

/** Writes a line to stderr at once; a reader that is gone is no reason to fail. */
export function complainNow(text: string): void {
  writeNow(2, text);
}

/** Whether somebody is there to read it. */
function writeNow(fd: 1 | 2, text: string): boolean {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The second is what a terminal gives that has been closed.
      if (code === 'EPIPE' || code === 'EIO') return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking and it is full: the stream knows how to wait.
      (fd === 1 ? process.stdout : process.stderr).write(bytes);
      return true;
    }
  }
  return true;
}
