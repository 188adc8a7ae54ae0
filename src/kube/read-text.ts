/** Reads a file that may be a pipe, such as `<(…)` of a shell, without waiting for ever for somebody to write into it. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { UserError } from '../model/errors.ts';

/** A program that fetches a credential may take seconds. Node handles no signal meanwhile, so it must not be long. */
const PIPE_LIMIT_MS = 10_000;
const PAUSE_MS = 20;

/**
 * The text of a file. A pipe is read to its end.
 * @param limitMs how long a pipe may take
 * @throws {UserError} exit 3: nobody has written the pipe to its end within the limit
 * @throws what `node:fs` throws
 */
export function readText(file: string, limitMs = PIPE_LIMIT_MS): string {
  // To open a named pipe without this blocks the process, and no signal ends it, until somebody writes.
  const fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return fstatSync(fd).isFIFO() ? readPipe(fd, file, limitMs) : readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function readPipe(fd: number, file: string, limitMs: number): string {
  const chunks: Buffer[] = [];
  const end = performance.now() + limitMs;
  const buffer = Buffer.alloc(64 * 1024);
  for (;;) {
    const size = readNow(fd, buffer);
    if (size !== undefined && size > 0) {
      chunks.push(Buffer.from(buffer.subarray(0, size)));
      continue;
    }
    // An end before anything came is that of a pipe into which nobody writes yet.
    if (size === 0 && chunks.length > 0) return Buffer.concat(chunks).toString('utf8');
    if (performance.now() > end)
      throw new UserError(`${file} is a pipe, and nothing was written to its end in ${limitMs / 1000} s.`, 3);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** How many bytes there were; `undefined`: none yet. */
function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
