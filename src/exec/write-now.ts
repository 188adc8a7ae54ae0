/** Writes to the terminal without a stream's way to it, a tenth of Node's share of an echo. */
import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';

/** The types leave its descriptor out. */
type Terminal = WriteStream & { readonly fd: number };

/** A console of Windows takes text, which only its stream makes of bytes. */
const IS_CONSOLE = process.platform === 'win32';

/**
 * Writes what a terminal takes at once, behind what its stream has written. Node's stream blocks on a terminal, too.
 * @returns how many bytes; 0: not a terminal, or its stream is to tell why
 */
export function writtenNow(output: Writable, bytes: Uint8Array): number {
  const { fd, isTTY, writableLength, writableEnded, destroyed } = output as Terminal;
  if (isTTY !== true || IS_CONSOLE || writableLength > 0 || writableEnded || destroyed) return 0;
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
