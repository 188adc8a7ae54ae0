/** This process's stdin, when there is anything to pass on. */
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';

/** `undefined` for a closed stdin and for /dev/null, which need no stream (nor the second exec that guards one). */
export function userStdin(): Readable | undefined {
  try {
    // process.stdin would load what it is read with.
    if (fstatSync(0).isCharacterDevice() && !isatty(0)) return undefined;
  } catch {
    return undefined;
  }
  return process.stdin;
}
