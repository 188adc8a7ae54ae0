/** Writes to a descriptor without its stream's way to it, a tenth of Node's share of an echo. */
import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** The types leave out what terminals and files of Node have; a pipe has it of src/console/raw-output.ts. */
type Descriptor = Writable & { readonly fd?: number; readonly isTTY?: boolean };

/** A console there takes text, which only its stream makes of bytes, and a pipe is not written by its descriptor. */
const IS_WINDOWS = process.platform === 'win32';

/** Whether somebody reads along, who is not to wait for what comes behind. */
export function isTerminal(output: Writable): boolean {
  return (output as Descriptor).isTTY === true;
}

/** Whether {@link writtenNow} may write to it. */
export function hasDescriptor(output: Writable): boolean {
  return !IS_WINDOWS && typeof (output as Descriptor).fd === 'number';
}

/**
 * Writes what a descriptor takes at once, behind what its stream has written. A pipe of a stream's does not block, and Node's streams
 * of terminals and files do.
 * @returns how many bytes; 0: nothing fits, there is no descriptor, or its stream is to tell why
 */
export function writtenNow(output: Writable, bytes: Uint8Array): number {
  const { fd, writableLength, writableEnded, destroyed } = output as Descriptor;
  if (fd === undefined || !hasDescriptor(output)) return 0;
  if (writableLength > 0 || writableEnded || destroyed) return 0;
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
