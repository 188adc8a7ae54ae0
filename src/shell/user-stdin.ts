/** This process's stdin, when there is anything to pass on. */
import { fstatSync, type Stats } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { FileInput } from './file-input.ts';
import { PipeInput } from './pipe-input.ts';

/** There a pipe is not what it is elsewhere, and Node knows how each kind is read. */
const IS_WINDOWS = process.platform === 'win32';

/** `undefined` for a closed stdin and for /dev/null, which need no stream (nor the second exec that guards one). */
export function userStdin(): Readable | undefined {
  let kind: Stats;
  try {
    kind = fstatSync(0);
  } catch {
    return undefined;
  }
  // process.stdin would load what it is read with.
  if (kind.isCharacterDevice() && !isatty(0)) return undefined;
  if (IS_WINDOWS) return process.stdin;
  if (kind.isFIFO() || kind.isSocket()) return new PipeInput(0);
  return kind.isFile() ? new FileInput(0) : process.stdin;
}
