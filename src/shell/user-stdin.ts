/** This process's stdin, when there is anything to pass on. */
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** `undefined` for a closed stdin and for /dev/null, which need no stream (nor the second exec that guards one). */
export function userStdin(): Readable | undefined {
  try {
    const stat = fstatSync(0);
    if (stat.isCharacterDevice() && !process.stdin.isTTY) return undefined;
  } catch {
    return undefined;
  }
  return process.stdin;
}
