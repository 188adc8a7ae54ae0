/** Reads a file that may be a pipe, such as `<(…)` of a shell, without waiting for ever for somebody to write into it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../model/errors.ts';

/** A program that fetches a credential may take seconds. Node handles no signal meanwhile, so it must not be long. */
const PIPE_LIMIT_MS = 10_000;
const PAUSE_MS = 20;
/** What people write is smaller, and what has no end, such as /dev/zero, must end. */
const MOST_BYTES = 64 * 2 ** 20;
const STANDARD_INPUT = 0;

/** How much, and how long. */
export interface ReadLimits {
  /** How long a pipe may take. */
  readonly limitMs?: number;
  readonly mostBytes?: number;
}

/**
 * The text of a file. A pipe is read to its end.
 * @throws {UserError} exit 3: nobody has written the pipe to its end within the limit; 2: it is too large
 * @throws what `node:fs` throws
 */
export function readText(file: string, { limitMs = PIPE_LIMIT_MS, mostBytes }: ReadLimits = {}): string {
  // To open a named pipe without this blocks the process, and no signal ends it, until somebody writes.
  const fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return readOpen(fd, file, mostBytes, fstatSync(fd).isFIFO() ? limitMs : undefined);
  } finally {
    closeSync(fd);
  }
}

/**
 * Standard input, which is waited for as any tool does.
 * @throws {UserError} exit 2: it is too large
 * @throws what `node:fs` throws
 */
export function readStandardInput({ mostBytes }: Pick<ReadLimits, 'mostBytes'> = {}): string {
  return readOpen(STANDARD_INPUT, 'standard input', mostBytes, undefined);
}

/** @param limitMs of a pipe into which nobody may be writing yet */
function readOpen(fd: number, name: string, mostBytes = MOST_BYTES, limitMs: number | undefined): string {
  const chunks: Buffer[] = [];
  // No clock where there is no limit: Node loads what has performance.now() when it is first asked, for half a millisecond.
  const end = limitMs === undefined ? undefined : performance.now() + limitMs;
  const buffer = Buffer.alloc(64 * 1024);
  for (let bytes = 0; ; ) {
    const size = readNow(fd, buffer);
    if (size !== undefined && size > 0) {
      chunks.push(Buffer.from(buffer.subarray(0, size)));
      bytes += size;
      if (bytes > mostBytes) throw new UserError(`${name} is larger than ${mostBytes / 2 ** 20} MB.`, 2);
      continue;
    }
    // An end before anything came is that of a pipe into which nobody writes yet.
    if (size === 0 && (limitMs === undefined || chunks.length > 0))
      return Buffer.concat(chunks).toString('utf8');
    if (end !== undefined && performance.now() > end)
      throw new UserError(
        `${name} is a pipe, and nothing was written to its end in ${(limitMs ?? 0) / 1000} s.`,
        3,
      );
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** How many bytes there were; `undefined`: none yet. */
function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    // A pipe on Windows ends so.
    if (code === 'EOF') return 0;
    throw error;
  }
}
